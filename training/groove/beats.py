"""A section of a performance beside its programmed twin, at the paper's tempo, and both beat by beat.

Both are played with the same kit and brought to the same level. In the twin every hit falls on the grid and
all are equally loud.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import SoundError
from tsumami.engine.groove.divergence import at_level
from tsumami.training.groove.drum_kit import DrumKit
from tsumami.training.groove.performances import Hits, Performance, Rendered, render

Audio = npt.NDArray[np.float32]

SAMPLE_RATE: Final = 44_100
BPM: Final = 96.0
BEAT: Final = 27_562
"""Samples of a beat; the half sample that this leaves out is lost between two of them."""
TRAINED: Final = 32
TESTED: Final = 8
_HASH: Final = 16


@dataclass(frozen=True)
class Section:
    """A performance as played and as programmed, mono float32 ``[frames]`` each, and its hits.

    ``time_seconds`` and ``beat`` of the hits count from the section's beginning, which is a beat's.
    """

    name: str
    performed: Audio
    programmed: Audio
    hits: Hits

    @cached_property
    def hash(self) -> str:
        """Of the name and all samples."""
        digest = hashlib.sha256(self.name.encode())
        digest.update(self.performed.tobytes() + self.programmed.tobytes())
        return digest.hexdigest()[:_HASH]


def section_of(performance: Performance, kit: DrumKit, beats: int = TRAINED + TESTED) -> Section:
    """The first ``beats`` beats of a performance, at `BPM`, from that of its first hit on.

    Raises `SoundError` when it is shorter.
    """
    played = excerpt(performance, beats)
    performed, programmed = (render(each, kit) for each in (played, played.programmed()))
    hits = performed.hits.copy()
    hits["time_seconds"] -= performed.first_beat_seconds
    return Section(played.name, sound_of(performed, beats), sound_of(programmed, beats), hits)


def excerpt(performance: Performance, beats: int) -> Performance:
    """The hits of so many beats at `BPM`, from the first hit's on, which becomes beat 0."""
    played = performance.at_bpm(BPM)
    places = played.hits["beat"]
    first = float(np.floor(places.min(initial=0.0)))
    if places.max(initial=first) < first + beats - 1:
        raise SoundError(f"piece must have {beats} beats, got {places.max(initial=0.0):.0f} in {played.name}")
    hits = played.hits[(places >= first) & (places < first + beats)].copy()
    hits["beat"] -= first
    hits["time_seconds"] -= first * 60.0 / BPM
    return Performance(played.name, BPM, hits)


def sound_of(rendered: Rendered, beats: int) -> Audio:
    """The first ``beats`` beats of a sound, at the level at which encoders hear it."""
    start, frames = round(rendered.first_beat_seconds * rendered.sample_rate), starts_of(beats)[-1]
    audio = rendered.audio[start : start + frames]
    return at_level(np.pad(audio, (0, frames - len(audio))))


def starts_of(beats: int) -> list[int]:
    """Where beats begin, and the last one ends."""
    return [round(beat * 60.0 / BPM * SAMPLE_RATE) for beat in range(beats + 1)]


def cut(audio: Audio) -> Audio:
    """A section's sound beat by beat, ``[beats, BEAT]``."""
    beats = round(len(audio) / SAMPLE_RATE * BPM / 60.0)
    return np.stack([audio[start : start + BEAT] for start in starts_of(beats)[:-1]])


def split(beats: int, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Numbers of the beats to learn from, four fifths of them, and of those to test with, drawn at random."""
    order = np.random.default_rng(seed).permutation(beats)
    learned = beats * TRAINED // (TRAINED + TESTED)
    return np.sort(order[:learned]), np.sort(order[learned:])
