"""Several hundred loops by sequence: the sounds of their steps, and what is said of each."""

import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.loops.assembly import STEPS, assemble
from tsumami.training.groove.drum_kit import DrumKit, drum_map, read_drum_kit
from tsumami.training.loops.bass import Bass, read_bass
from tsumami.training.loops.patterns import Pattern, bassline, drum_bars

Audio = npt.NDArray[np.float32]

SAMPLE_RATE: Final = 22_050
SOUND_FRAMES: Final = 8192
"""Of the sound of a step: 0.37 s."""
SPLITS: Final = {"train": "train", "test": "validation"}
"""Of the loops, and the split of the Groove MIDI data set that its drummers' bars are of."""

_FADE_FRAMES: Final = 2048
_DRUM_LEVEL: Final = 0.35
_BASS_LEVEL: Final = 0.6


@dataclass(frozen=True, slots=True)
class Sequenced:
    """A pattern and the sound that begins on each of its steps, float32 ``[STEPS, SOUND_FRAMES]``."""

    pattern: Pattern
    sounds: Audio

    def audio(self, sample_rate: int = SAMPLE_RATE, bpm: float | None = None) -> Audio:
        """The loop of one bar at its own tempo, or another."""
        return assemble(self.sounds, SAMPLE_RATE, bpm or self.pattern.bpm, sample_rate)


class Sequencer:
    """Plays patterns with the bass and the drum kit of a folder of data. Raises `SoundError`."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._bass: Bass = read_bass(data / "bass_notes", SAMPLE_RATE)
        self._kit: DrumKit = read_drum_kit(data / "drum_kit", SAMPLE_RATE)
        fade = np.linspace(1.0, 0.0, _FADE_FRAMES, dtype=np.float32)
        self._fade = np.concatenate([np.ones(SOUND_FRAMES - _FADE_FRAMES, np.float32), fade])

    def patterns(self, split: str, each: int, seed: int) -> Iterator[Pattern]:
        """``each`` basslines and as many bars of drums of a split of `SPLITS`."""
        rng = np.random.default_rng((seed, list(SPLITS).index(split)))
        yield from (bassline(rng, number) for number in range(each))
        yield from itertools.islice(drum_bars(self._data, SPLITS[split], rng), each)

    def play(self, pattern: Pattern) -> Sequenced:
        """The sounds of a pattern's steps."""
        sounds = np.zeros((STEPS, SOUND_FRAMES), np.float32)
        rng = np.random.default_rng(len(pattern.tones))
        self._kit.forget_turns()
        for tone in pattern.tones:
            sound = self._tone(pattern, tone.note, tone.force, tone.steps, rng)
            sounds[tone.step, : len(sound)] += sound
        return Sequenced(pattern, sounds * self._fade)

    def _tone(
        self, pattern: Pattern, note: int, force: str | int, steps: float, rng: np.random.Generator
    ) -> Audio:
        if isinstance(force, str):
            seconds = steps * 240.0 / pattern.bpm / STEPS
            frames = min(round(seconds * SAMPLE_RATE), SOUND_FRAMES)
            return self._bass.note(note, force, frames) * np.float32(_BASS_LEVEL)
        sample, gain = self._kit.sample(drum_map()[note].articulation, force, rng)
        return sample.audio[sample.onset :][:SOUND_FRAMES] * np.float32(gain * _DRUM_LEVEL)


def sequence(
    data: Path, split: str, each: int, seed: int, show: Callable[[int, int], object] = lambda *_: None
) -> list[Sequenced]:
    """``each`` bass loops and as many drum loops; the same seed makes the same ones. Raises `SoundError`."""
    sequencer = Sequencer(data)
    loops = []
    for pattern in sequencer.patterns(split, each, seed):
        loops.append(sequencer.play(pattern))
        show(len(loops), 2 * each)
    return loops


def hash_of(loops: list[Sequenced]) -> str:
    """Of their sounds."""
    digest = hashlib.sha256()
    for sequenced in loops:
        digest.update(sequenced.sounds.tobytes())
    return digest.hexdigest()[:16]
