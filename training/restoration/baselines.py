"""What a model must beat to have learned anything: predictions that nobody trained."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from tsumami.training.restoration.spectra import Magnitudes
from tsumami.training.restoration.windows import CONTEXT, EDGE, GAP


def _zero_fill(windows: Magnitudes) -> Magnitudes:
    return np.zeros_like(_inner(windows))


def _repeat(windows: Magnitudes) -> Magnitudes:
    """The frame before; what a model of the past competes with."""
    return windows[:, CONTEXT - 1 : -CONTEXT - 1]


def _interpolate(windows: Magnitudes) -> Magnitudes:
    """The mean of the frames on either side; what the time-BLSTM competes with."""
    both = windows[:, CONTEXT - 1 : -CONTEXT - 1] + windows[:, CONTEXT + 1 : 1 - CONTEXT]
    return np.asarray(both / 2, np.float32)


def _interpolate_gaps(windows: Magnitudes) -> Magnitudes:
    """A line from the last frame before six missing ones to the first after them, as the frequency BLSTM."""
    before = windows[:, CONTEXT - 1 : -EDGE : GAP, None]
    after = windows[:, CONTEXT + GAP :: GAP, None]
    share = (np.arange(1, GAP + 1, dtype=np.float32) / (GAP + 1))[:, None]
    lines = before + share * (after - before)
    return np.asarray(lines.reshape(len(windows), -1, windows.shape[2]), np.float32)


def _inner(windows: Magnitudes) -> Magnitudes:
    return windows[:, CONTEXT:-CONTEXT]


ZERO: Final = "zero fill"
REPEAT: Final = "repeat the last frame"
INTERPOLATE: Final = "linear interpolation"
INTERPOLATE_GAPS: Final = "linear interpolation, 6 missing"

BASELINES: Final[Mapping[str, Callable[[Magnitudes], Magnitudes]]] = MappingProxyType(
    {
        ZERO: _zero_fill,
        REPEAT: _repeat,
        INTERPOLATE: _interpolate,
        INTERPOLATE_GAPS: _interpolate_gaps,
    }
)
"""By row of the table: windows ``[n, span, BINS]`` to their inner frames ``[n, span - 6, BINS]``."""
