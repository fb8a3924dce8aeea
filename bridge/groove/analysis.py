"""A recording's groove: its hits on a grid, and what is to be said of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.bridge.groove.divergence import Divergence, diverge
from tsumami.bridge.groove.recording import Recording, hear
from tsumami.bridge.groove.reference_file import ReferenceHits, read_reference
from tsumami.engine.errors import ParameterError
from tsumami.engine.groove import (
    LANES,
    Grid,
    Lean,
    align,
    given_tempo,
    lean,
    lean_on_reference,
    summary,
    tracked_tempo,
)
from tsumami.engine.groove.deviation import spread_of
from tsumami.engine.groove.grid_search import HIGHEST_BPM, LOWEST_BPM

_UNSURE: Final = 0.7
_LOCAL_HITS: Final = 24
_STEADY: Final = 1.04
_ASTRAY: Final = 0.24
"""Spread, in shares of the distance of two positions, of hits that keep to none: 0.34 if strewn evenly."""
_BETTER: Final = 0.6
_OTHER_LENGTH: Final = 0.05
"""A reference is as long if it differs by no more than this share."""


@dataclass(frozen=True, slots=True)
class Groove:
    """What was found in a recording."""

    recording: Recording
    lean: Lean
    remarks: tuple[str, ...]
    divergence: Divergence | None = None
    """From the sound of the reference, where it has one."""
    lag_seconds: float = 0.0
    """When the reference begins, where there is one."""

    def document(self) -> dict[str, Any]:
        """As JSON can say it."""
        leaning, grid = self.lean, self.lean.grid
        return {
            "bpm": round(grid.bpm, 3),
            "grid": {
                "source": grid.source,
                "feel": grid.feel.name,
                "positions": [round(position, 4) for position in grid.feel.positions],
                "swung_notes": grid.feel.swung or None,
                "confidence": round(grid.confidence, 3),
                "beat_confidence": round(grid.beat_confidence, 3),
                "first_beat_seconds": round(float(grid.beat_seconds[0]), 5),
                "first_beat_in_bar": grid.first_beat,
                "beats_in_bar": grid.beats_in_bar,
                "bar_confidence": round(grid.bar_confidence, 3),
                "knows_time": grid.knows_time,
            },
            "hits": [
                {
                    "time_seconds": round(float(leaning.seconds[index]), 6),
                    "lane": LANES[leaning.lanes[index]],
                    "strength_db": round(float(leaning.strength_db[index]), 2),
                    "deviation_ms": round(float(leaning.deviation_ms[index]), 3),
                    "grid_position": round(float(leaning.places[index]), 4),
                    "confidence": round(float(leaning.confidence[index]), 3),
                    "kl": self._kl(index),
                }
                for index in range(len(leaning.seconds))
            ],
            "summary": {
                **summary(leaning),
                "kl": None if self.divergence is None else self.divergence.document(),
                "remarks": list(self.remarks),
            },
        }

    def _kl(self, hit: int) -> float | None:
        """Nats of a hit; None where there is no sound to compare it with."""
        if self.divergence is None or np.isnan(self.divergence.at_hits[hit]):
            return None
        return round(float(self.divergence.at_hits[hit]), 4)


def analyse(sound: Path, bpm: float | None = None, reference: Path | None = None) -> Groove:
    """The groove of a sound file against a tempo, a reference, or the tempo that is found.

    Raises `SoundError`, `SessionError` (of the reference) and `ParameterError` (of ``bpm``).
    """
    check_bpm(bpm)
    against = None if reference is None else read_reference(reference, bpm)
    return groove_of(hear(sound), bpm, against)


def check_bpm(bpm: float | None) -> None:
    """Raise `ParameterError` for a tempo that no grid can have."""
    if bpm is not None and not LOWEST_BPM <= bpm <= HIGHEST_BPM:
        raise ParameterError(f"bpm must be in {LOWEST_BPM:g}-{HIGHEST_BPM:g}, got {bpm:g}")


def groove_of(recording: Recording, bpm: float | None = None, against: ReferenceHits | None = None) -> Groove:
    """The groove of hits that were heard, as `analyse` tells it; raises `SoundError`."""
    return _on_grid(recording, bpm) if against is None else _on_reference(recording, against)


def groove_on(recording: Recording, grid: Grid) -> Groove:
    """The groove of hits on a grid that something else than the hits has told."""
    leaning = lean(recording.hits, recording.sample_rate, grid)
    return Groove(recording, leaning, (*recording.remarks, *_doubts(leaning)))


def _on_reference(recording: Recording, reference: ReferenceHits) -> Groove:
    times = recording.times
    alignment = align(times, recording.lanes, reference.seconds, reference.lanes)
    grid = reference.grid.later(alignment.lag_seconds)
    leaning = lean_on_reference(
        recording.hits, recording.sample_rate, grid, alignment, reference.seconds, reference.places
    )
    remarks = [*recording.remarks, *reference.remarks]
    if alignment.lag_seconds:
        remarks.append(
            f"reference begins at {alignment.lag_seconds:.3f} s of the sound, so how early or late all "
            "hits are is not known"
        )
    if abs(reference.length_seconds / recording.seconds - 1.0) > _OTHER_LENGTH:
        remarks.append(
            f"reference is {reference.length_seconds:.1f} s long, the sound {recording.seconds:.1f} s: "
            "what only one of them has is not compared"
        )
    missing = len(times) - len(alignment.pairs)
    if missing:
        remarks.append(f"{missing} of {len(times)} hits are not in the reference: placed on its grid")
    divergence = None
    if reference.recording is not None and len(recording.audio):
        divergence = diverge(recording, reference.recording, alignment.lag_seconds)
    return Groove(recording, leaning, tuple(remarks), divergence, alignment.lag_seconds)


def _on_grid(recording: Recording, bpm: float | None) -> Groove:
    times, lanes = recording.times, recording.lanes
    remarks = list(recording.remarks)
    grid = tracked_tempo(times, lanes) if bpm is None else given_tempo(times, lanes, bpm)
    leaning = lean(recording.hits, recording.sample_rate, grid)
    everything = np.arange(len(times))
    if bpm is not None and _scatter(leaning, everything) > _ASTRAY:
        followed = lean(recording.hits, recording.sample_rate, tracked_tempo(times, lanes, bpm))
        if _scatter(followed, everything) < _BETTER * _scatter(leaning, everything):
            leaning = followed
            remarks.append(
                f"the hits do not keep to {bpm:g} bpm: followed, {followed.grid.bpm:.2f} in the mean"
            )
    return Groove(recording, leaning, (*remarks, *_doubts(leaning)))


def _astray(leaning: Lean) -> float | None:
    """When a few dozen hits in a row begin that are spread over all of the grid; None where none are."""
    count = max(len(leaning.seconds) // _LOCAL_HITS, 1)
    for part in np.array_split(np.arange(len(leaning.seconds)), count):
        if _scatter(leaning, part) > _ASTRAY:
            return float(leaning.seconds[part[0]])
    return None


def _scatter(leaning: Lean, part: npt.NDArray[np.int64]) -> float:
    """The spread of some hits in shares of the mean distance of two positions."""
    gap_ms = 60_000.0 / leaning.grid.bpm / len(leaning.grid.feel.positions)
    return spread_of(leaning.deviation_ms[part]) / gap_ms


def _doubts(leaning: Lean) -> Iterator[str]:
    grid = leaning.grid
    tempi = 60.0 / np.diff(grid.beat_seconds)
    slow, fast = np.percentile(tempi, (5, 95))
    if fast / slow > _STEADY:
        yield f"the tempo moves between {slow:.1f} and {fast:.1f} bpm"
    astray = _astray(leaning)
    if astray is not None:
        yield f"from about {astray:.0f} s on hits keep to no position of this grid: the tempo may be another"
    if grid.beat_confidence < _UNSURE:
        helps = "--reference FILE" if grid.source == "bpm" else "--bpm BPM or --reference FILE"
        yield f"where the beats fall is not sure ({grid.beat_confidence:.2f}); {helps} helps"
    if grid.confidence < _UNSURE:
        yield f"whether it is {grid.feel.name} is not sure ({grid.confidence:.2f})"
    if not grid.knows_time:
        yield "the grid is found from the hits: whether all of them are early or late cannot be known"
