"""Performances that no model has learned from, with deviations and ghost notes that are known.

What is compared with a programmed twin is played by the same kit with other round robins, as two takes are.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import SoundError
from tsumami.training.groove.beats import SAMPLE_RATE, excerpt, sound_of
from tsumami.training.groove.drum_kit import DrumKit, read_drum_kit
from tsumami.training.groove.hit_scores import GHOST_VELOCITY
from tsumami.training.groove.performances import (
    Hits,
    Performance,
    list_performances,
    read_performance,
    render,
)

Audio = npt.NDArray[np.float32]

DEVIATIONS_MS: Final = (0, 5, 10, 20, 40)
PIECES: Final = 20
BEATS: Final = 8
_REFERENCE_SEED: Final = 0
_TAKE_SEED: Final = 1
_ALONE_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Piece:
    """Sounds of one performance, float32 ``[frames]`` or ``[n, frames]``."""

    name: str
    programmed: Audio
    moved: Audio
    """The twin with its hits moved by normal deviates of each of `DEVIATIONS_MS`."""
    accents: Audio
    """The twin without the ghost notes."""
    performed: Audio
    """As it was played, and the same without the ghost notes."""
    ghosts: Hits
    """Ghost notes that no other hit is near, as they were played."""


def read_pieces(data: Path, count: int = PIECES, beats: int = BEATS) -> list[Piece]:
    """The first performances of the validation split that are long enough, at the paper's tempo."""
    kit = read_drum_kit(data / "drum_kit", SAMPLE_RATE)
    pieces: list[Piece] = []
    for path in list_performances(data, "validation"):
        if len(pieces) == count:
            break
        performance = read_performance(path)
        if performance.hits["beat"].max(initial=0.0) >= beats + 1:
            pieces.append(_piece(excerpt(performance, beats), kit, beats))
    if not pieces:
        raise SoundError(f"data must have performances of {beats} beats in the validation split, got none")
    return pieces


def _piece(played: Performance, kit: DrumKit, beats: int) -> Piece:
    def sound(performance: Performance, seed: int = _TAKE_SEED) -> Audio:
        return sound_of(render(performance, kit, seed), beats)

    twin, loud = played.programmed(), _loud(played)
    return Piece(
        played.name,
        sound(twin, _REFERENCE_SEED),
        np.stack([sound(twin.moved(jitter_ms=off)) for off in DEVIATIONS_MS]),
        sound(loud.programmed(), _REFERENCE_SEED),
        np.stack([sound(played), sound(loud)]),
        lone_ghosts(played.hits),
    )


def _loud(performance: Performance) -> Performance:
    hits = performance.hits
    return Performance(performance.name, performance.bpm, hits[hits["velocity"] >= GHOST_VELOCITY])


def lone_ghosts(hits: Hits) -> Hits:
    """Hits softer than velocity 50 that no other hit is within 50 ms of."""
    times = hits["time_seconds"]
    distances = np.abs(times[:, None] - times[None, :])
    np.fill_diagonal(distances, np.inf)
    is_alone = distances.min(axis=1, initial=np.inf) > _ALONE_SECONDS
    lone: Hits = hits[(hits["velocity"] < GHOST_VELOCITY) & is_alone & (times >= _ALONE_SECONDS)]
    return lone
