"""Response curves: how far a target goes for where its knob stands, both 0-1, and back again."""

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from tsumami.bridge.session.map_tables import CurveName

_RATIO: Final = 100.0
"""Of the slopes of the exponential curve at its ends: 40 dB."""


class Curve(NamedTuple):
    """A rising function of 0-1 onto 0-1, and its inverse."""

    forth: Callable[[float], float]
    back: Callable[[float], float]


def _same(position: float) -> float:
    return position


def _exponential(position: float) -> float:
    return (math.pow(_RATIO, position) - 1.0) / (_RATIO - 1.0)


def _logarithmic(value: float) -> float:
    return math.log1p(value * (_RATIO - 1.0)) / math.log(_RATIO)


def _smoothstep(position: float) -> float:
    return position * position * (3.0 - 2.0 * position)


def _unsmoothed(value: float) -> float:
    return 0.5 - math.sin(math.asin(1.0 - 2.0 * value) / 3.0)


CURVES: Final[dict[CurveName, Curve]] = {
    "linear": Curve(_same, _same),
    "exponential": Curve(_exponential, _logarithmic),
    "logarithmic": Curve(_logarithmic, _exponential),
    "s": Curve(_smoothstep, _unsmoothed),
}
"""By the names that maps have for them: the second rises late, the third early, the last in the middle."""
