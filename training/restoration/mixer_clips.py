"""Sound to learn mixing from: excerpts of music, and single notes strung to tunes.

Any folder of sound will do. Recordings of `_LONG_SECONDS` and more are music; shorter ones are single notes
of one instrument for each folder. No note is used twice in a tune: nobody plays the very same again.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from tsumami.engine.errors import SoundError
from tsumami.training.restoration.tunes import ENDINGS

Sound = npt.NDArray[np.float32]

RATE: Final = 44_100
SECONDS: Final = 18
_LONG_SECONDS: Final = 30.0
_FEWEST_NOTES: Final = 20
_QUIETEST: Final = 1e-3
_BEATS: Final = (1, 1, 2, 2, 3, 4, 6)
_BEAT_SECONDS: Final = (0.12, 0.3)
_RELEASE_SECONDS: Final = 0.02
_AUDIBLE: Final = 0.02
"""Of a note's peak; what is quieter at its ends is cut."""
_DUETS: Final = 0.3


@dataclass(frozen=True, slots=True)
class Sources:
    """Files of music, and of notes by instrument."""

    music: tuple[Path, ...]
    instruments: tuple[tuple[Path, ...], ...]

    def __len__(self) -> int:
        return len(self.music) + len(self.instruments)


def find_sources(folders: Sequence[Path]) -> Sources:
    """All sound files in ``folders`` and under them. Raises `SoundError` where there are none."""
    music, notes = [], defaultdict(list)
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        if path.suffix.lower() in ENDINGS:
            if soundfile.info(path).duration >= _LONG_SECONDS:
                music.append(path)
            else:
                notes[path.parent].append(path)
    instruments = tuple(tuple(files) for files in notes.values() if len(files) >= _FEWEST_NOTES)
    if not music and not instruments:
        names = ", ".join(map(str, folders))
        raise SoundError(
            f"data must be folders with music of {_LONG_SECONDS:g} s or more, or {_FEWEST_NOTES} notes, "
            f"got none in {names}"
        )
    return Sources(tuple(music), instruments)


def clip_of(sources: Sources, number: int, seed: int) -> Sound:
    """The clip of this number, mono at `RATE`, some `SECONDS` long; music and tunes take turns."""
    rng = np.random.default_rng([seed, number])
    is_music = bool(sources.music) and (number % 2 == 0 or not sources.instruments)
    if is_music:
        return _excerpt(sources.music[number // 2 * 7 % len(sources.music)], rng)
    tune = _tune(sources.instruments[number // 2 % len(sources.instruments)], rng)
    if rng.random() < _DUETS:
        other = _tune(sources.instruments[rng.integers(len(sources.instruments))], rng)
        size = min(len(tune), len(other))
        tune = tune[:size] + np.float32(rng.uniform(0.4, 1.0)) * other[:size]
    return np.asarray(tune, np.float32)


def _excerpt(path: Path, rng: np.random.Generator) -> Sound:
    info = soundfile.info(path)
    start = rng.uniform(0.0, info.duration - SECONDS - 1.0)
    return _read(path, int(start * info.samplerate), SECONDS * info.samplerate)


def _tune(notes: Sequence[Path], rng: np.random.Generator) -> Sound:
    tune = np.zeros(SECONDS * RATE, np.float32)
    beat = rng.uniform(*_BEAT_SECONDS)
    at = 0
    for number in rng.permutation(len(notes)):
        note = _note(notes[number])[: int(rng.choice(_BEATS) * beat * RATE)][: len(tune) - at]
        release = min(round(_RELEASE_SECONDS * RATE), len(note))
        note[len(note) - release :] *= np.linspace(1.0, 0.0, release, dtype=np.float32)
        tune[at : at + len(note)] += np.float32(rng.uniform(0.4, 1.0)) * note
        at += len(note) - release
        if at + release >= len(tune):
            break
    return tune[:at]


def _note(path: Path) -> Sound:
    """From where it is heard to where it is not, its peak at 1."""
    note = _read(path)
    peak = float(np.abs(note).max(initial=0.0))
    heard = np.flatnonzero(np.abs(note) > max(_AUDIBLE * peak, _QUIETEST))
    return note[heard[0] : heard[-1] + 1] / np.float32(peak) if len(heard) else note[:0]


def _read(path: Path, start: int = 0, frames: int = -1) -> Sound:
    sound, rate = soundfile.read(path, frames, start, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(sound.mean(axis=1), rate, RATE), np.float32)
