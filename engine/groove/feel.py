"""Feels: where in a beat the hits of a groove are meant to be, and how likely a lane's hit is there."""

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.groove.hit_state import LANES

Values = npt.NDArray[np.float64]

_TABLE: Final = Path(__file__).with_name("grid.json")
SWINGS: Final = (0.54, 0.56, 0.58, 0.60, 0.62, 0.64, 2 / 3, 0.69, 0.72)
"""Where the second of two swung notes stands between the first (0) and the next first (1)."""
STRAY: Final = 0.08
"""The share of hits that are meant for no position."""


@dataclass(frozen=True, slots=True)
class Feel:
    """A subdivision of the beat: ``straight``, ``triplet``, or ``swing`` of eighths or sixteenths."""

    name: str
    positions: tuple[float, ...]
    """In beats, 0 first."""
    shares: Values
    """Of a lane's hits, ``[lanes, positions]``."""
    swung: int = 0
    """Notes of a beat that are swung: 2 eighths, 4 sixteenths; 0 none."""
    swing: float = 0.5

    @property
    def swing_ratio(self) -> float | None:
        """How many times longer the first of two notes is than the second; None where none is swung."""
        return self.swing / (1.0 - self.swing) if self.swung else None


@cache
def priors() -> dict[str, Any]:
    """What drummers play, as `tsumami.training.groove.grid_priors` has counted it."""
    document: dict[str, Any] = json.loads(_TABLE.read_text("utf-8"))
    return document


@cache
def straight() -> Feel:
    """Four even sixteenths."""
    return Feel("straight", (0.0, 0.25, 0.5, 0.75), _shares("straight"))


@cache
def triplet() -> Feel:
    """Three even notes."""
    return Feel("triplet", (0.0, 1 / 3, 2 / 3), _shares("triplet"))


def swung(notes: int, swing: float) -> Feel:
    """Sixteenths whose eighths (``notes`` 2) or themselves (4) are swung."""
    if notes == 2:
        positions = (0.0, swing / 2, swing, (1.0 + swing) / 2)
    else:
        positions = (0.0, swing / 2, 0.5, (1.0 + swing) / 2)
    return Feel("swing", positions, _shares("straight"), notes, swing)


@cache
def all_feels() -> tuple[Feel, ...]:
    """Every feel that is looked for."""
    return (straight(), triplet(), *(swung(notes, swing) for notes in (2, 4) for swing in SWINGS))


def log_evidence(phases: Values, lanes: npt.NDArray[np.int64], feel: Feel, spread: Values | float) -> Values:
    """Log density of hits at ``phases`` (beats, ``[..., hits]``) where ``spread`` (beats) is the players'."""
    density = np.full(np.broadcast(phases, spread).shape, STRAY)
    for position, shares in zip(feel.positions, feel.shares.T, strict=True):
        off = (phases - position + 0.5) % 1.0 - 0.5
        bell = np.exp(-0.5 * np.square(off / spread)) / (spread * np.sqrt(2.0 * np.pi))
        density += (1.0 - STRAY) * shares[lanes] * bell
    return np.asarray(np.log(density))


def log_timing(phases: Values, feel: Feel, spread: Values | float) -> tuple[Values, npt.NDArray[np.int64]]:
    """Log density of each hit about the position that it is nearest to, and which that is."""
    off = (phases[..., None] - np.array(feel.positions) + 0.5) % 1.0 - 0.5
    nearest = np.abs(off).argmin(axis=-1)
    off = np.take_along_axis(off, nearest[..., None], axis=-1)[..., 0]
    bell = np.exp(-0.5 * np.square(off / spread)) / (spread * np.sqrt(2.0 * np.pi))
    return np.asarray(np.log((1.0 - STRAY) * bell + STRAY)), nearest


def log_pattern(counts: Values, feel: Feel, trust: float) -> float:
    """Log evidence of how often lanes hit which positions, ``[lanes, positions]``.

    The feel's shares are known as from ``trust`` hits of each lane (Dirichlet and multinomial), so that a
    pattern unlike most costs only what it takes to learn it.
    """
    return sum(_log_pattern(lane, trust * shares) for lane, shares in zip(counts, feel.shares, strict=True))


def _log_pattern(counts: Values, known: Values) -> float:
    total = math.lgamma(float(known.sum())) - math.lgamma(float(known.sum() + counts.sum()))
    pairs = zip((known + counts).tolist(), known.tolist(), strict=True)
    return total + sum(math.lgamma(both) - math.lgamma(one) for both, one in pairs)


def _shares(feel: str) -> Values:
    table = priors()["feels"][feel]
    known = np.array([table[lane] for lane in LANES[:-1]])
    return np.vstack([known, known.mean(axis=0)])
