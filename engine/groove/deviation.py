"""How far a performance leans from its grid: early or late, hit by hit, lane by lane, position by position.

A bias is a median: where the middle hit falls. A spread is half the width of the middle 68 % of the hits,
which is the standard deviation of normal deviates, and is not moved by a few that are meant for something
else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.groove.detector import Hits
from tsumami.engine.groove.feel import STRAY
from tsumami.engine.groove.grid import Grid
from tsumami.engine.groove.hit_state import LANES
from tsumami.engine.groove.reference import Alignment

Values = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.bool_]

_GHOST_DB: Final = 10.0
"""A ghost note is so much softer than its lane's accents …"""
_ACCENT: Final = 90.0
"""… the level that so many percent of its hits do not pass."""
_GHOSTLY: Final = ("snare", "tom")
_FEWEST: Final = 2
_FEWEST_IN_BAR: Final = 4
_FEWEST_SWUNG: Final = 6


@dataclass(frozen=True, slots=True)
class Lean:
    """Every hit's place on a grid, and how late it is; all arrays ``[hits]``."""

    grid: Grid
    seconds: Values
    lanes: npt.NDArray[np.int64]
    strength_db: Values
    places: Values
    """In beats from the grid's first."""
    deviation_ms: Values
    """Late above 0, early under it."""
    hit_confidence: Values
    """0-1: that there was such a hit."""
    meant: Values
    """0-1: that it was meant for this place, if there was."""

    @property
    def confidence(self) -> Values:
        """0-1: that there was such a hit, and that it was meant for this place."""
        return self.hit_confidence * self.meant

    @property
    def is_ghost(self) -> Chosen:
        """Which hits of snare and toms are ghost notes."""
        ghosts = np.zeros(len(self.seconds), bool)
        for lane in map(LANES.index, _GHOSTLY):
            chosen = self.lanes == lane
            if chosen.any():
                accent = np.percentile(self.strength_db[chosen], _ACCENT)
                ghosts |= chosen & (self.strength_db < accent - _GHOST_DB)
        return ghosts

    @property
    def bars(self) -> npt.NDArray[np.int64]:
        """The bar of each hit, 1 being that of the grid's first beat."""
        grid = self.grid
        return np.asarray(np.floor((self.places + grid.first_beat) / grid.beats_in_bar) + 1, np.int64)

    @property
    def in_beat(self) -> npt.NDArray[np.int64]:
        """Which of the feel's positions each hit is at."""
        phase = self.places % 1.0
        return np.asarray(np.abs(phase[:, None] - np.array(self.grid.feel.positions)).argmin(axis=1))


def lean(hits: Hits, sample_rate: float, grid: Grid) -> Lean:
    """Place hits on the nearest positions of a grid."""
    seconds = np.asarray(hits["sample"] / sample_rate)
    places, deviation_ms = grid.place(seconds)
    lanes, strength_db, confidence = (np.array(hits[name]) for name in ("lane", "strength_db", "confidence"))
    meant = _meant(grid, deviation_ms)
    return Lean(grid, seconds, lanes, strength_db, places, deviation_ms, confidence, meant)


def lean_on_reference(
    hits: Hits, sample_rate: float, grid: Grid, alignment: Alignment, reference: Values, places: Values
) -> Lean:
    """Compare hits with those of a reference, at ``reference`` seconds and ``places`` in beats of ``grid``.

    ``grid`` is the reference's, in the performance's time. A hit that the reference has not is placed on the
    nearest position.
    """
    leaning = lean(hits, sample_rate, grid)
    own, other = alignment.pairs.T
    leaning.places[own] = places[other]
    late = leaning.seconds[own] - reference[other] - alignment.lag_seconds
    leaning.deviation_ms[own] = 1000.0 * late
    leaning.meant[own] = 1.0
    return leaning


def _meant(grid: Grid, deviation_ms: Values) -> Values:
    """How likely each deviation is the player's and not that of a hit meant for no position."""
    spread = max(spread_of(deviation_ms), 3.0) if len(deviation_ms) else 3.0
    off = (deviation_ms - (np.median(deviation_ms) if len(deviation_ms) else 0.0)) / spread
    bell = (1.0 - STRAY) * np.exp(-0.5 * np.square(off)) / (spread * np.sqrt(2.0 * np.pi))
    flat = STRAY * len(grid.feel.positions) * grid.bpm / 60_000.0
    return np.asarray(bell / (bell + flat))


def bias_of(deviation_ms: Values) -> float:
    """Where the middle deviation lies."""
    return float(np.median(deviation_ms))


def spread_of(deviation_ms: Values) -> float:
    """Half the width of the middle 68 %."""
    low, high = np.percentile(deviation_ms, (16.0, 84.0))
    return float(high - low) / 2.0


def summary(lean: Lean) -> dict[str, Any]:
    """The session's figures as JSON can say them; what cannot be known is None."""
    bars = [bar for bar in _bars(lean) if bar["hits"] >= _FEWEST_IN_BAR]
    by_spread = sorted(bars, key=lambda bar: float(bar["spread_ms"]))
    return {
        **_figures(lean, np.ones(len(lean.seconds), bool)),
        "bias_ms": _rounded(bias_of(lean.deviation_ms)) if lean.grid.knows_time else None,
        "drift_ms_per_minute": _drift(lean),
        "swing_ratio": _swing_ratio(lean),
        "lanes": {
            lane: _lane(lean, index) for index, lane in enumerate(LANES) if (lean.lanes == index).any()
        },
        "positions": list(_positions(lean)),
        "bars": bars,
        "best_bar": by_spread[0]["bar"] if len(by_spread) > 1 else None,
        "worst_bar": by_spread[-1]["bar"] if len(by_spread) > 1 else None,
    }


def _figures(lean: Lean, chosen: Chosen) -> dict[str, Any]:
    deviation_ms = lean.deviation_ms[chosen]
    is_enough = len(deviation_ms) >= _FEWEST
    return {
        "hits": len(deviation_ms),
        "bias_ms": _rounded(bias_of(deviation_ms)) if len(deviation_ms) else None,
        "spread_ms": _rounded(spread_of(deviation_ms)) if is_enough else None,
        "strength_db": _rounded(float(np.median(lean.strength_db[chosen]))) if len(deviation_ms) else None,
        "ghost_notes": int(lean.is_ghost[chosen].sum()),
    }


def _lane(lean: Lean, lane: int) -> dict[str, Any]:
    """Of a lane; its bias is against the grid, which is the middle of all hits unless it knows the time."""
    return _figures(lean, lean.lanes == lane)


def _positions(lean: Lean) -> Iterator[dict[str, Any]]:
    """The table by position of the beat, with each lane's share of it."""
    for index, position in enumerate(lean.grid.feel.positions):
        chosen = lean.in_beat == index
        lanes = {
            lane: _figures(lean, chosen & (lean.lanes == number))
            for number, lane in enumerate(LANES)
            if (chosen & (lean.lanes == number)).any()
        }
        yield {"position": round(position, 4), **_figures(lean, chosen), "lanes": lanes}


def _bars(lean: Lean) -> Iterator[dict[str, Any]]:
    for bar in np.unique(lean.bars):
        chosen = lean.bars == bar
        yield {
            "bar": int(bar),
            "begins_seconds": _rounded(float(lean.seconds[chosen].min()), 3),
            **_figures(lean, chosen),
        }


def _drift(lean: Lean) -> float | None:
    """How much later the hits become against the grid, a minute; None for too short a time."""
    if len(lean.seconds) < 2 * _FEWEST_IN_BAR or np.ptp(lean.seconds) < 4.0:
        return None
    third = max(len(lean.seconds) // 3, 1)
    early, late = slice(None, third), slice(-third, None)
    rise = bias_of(lean.deviation_ms[late]) - bias_of(lean.deviation_ms[early])
    run = float(np.median(lean.seconds[late]) - np.median(lean.seconds[early]))
    return _rounded(60.0 * rise / run)


def _swing_ratio(lean: Lean) -> float | None:
    """How much longer the first of two notes is than the second, as played; None where there are too few."""
    feel, period_ms = lean.grid.feel, 60_000.0 / lean.grid.bpm
    if feel.name == "triplet":
        return None
    swung = {2: (2,), 4: (1, 3)}.get(feel.swung, (2,))
    chosen = np.isin(lean.in_beat, swung)
    if chosen.sum() < _FEWEST_SWUNG or (lean.in_beat == 0).sum() < _FEWEST_SWUNG:
        return None
    late = bias_of(lean.deviation_ms[chosen]) - bias_of(lean.deviation_ms[lean.in_beat == 0])
    notes = feel.swung or 2
    share = feel.swing + late / (period_ms * 2.0 / notes)
    return _rounded(share / (1.0 - share), 2)


def _rounded(value: float, digits: int = 2) -> float:
    return round(value, digits)
