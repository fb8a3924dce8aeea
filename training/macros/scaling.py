"""Descriptors on one scale: each macro's becomes normally distributed over the training set."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.training.macros.descriptors import MACROS

Values = npt.NDArray[np.float32]

KNOB_RANGE: Final = 2.0
"""Knobs go so many standard deviations both ways: from the 2nd to the 98th percentile of the patches."""

RANGE: Final = 2.5
"""The scale follows the patches' distribution this far, and goes on straight from there."""

LOUDNESS_DB: Final = 6.0
"""Decibels that are one unit of loudness."""

_KNOTS = np.linspace(-RANGE, RANGE, 41)
_LEAST_STEP = 1e-3


@dataclass(frozen=True, slots=True)
class Scale:
    """Monotone maps from descriptors to standard-normal units; ``knots`` are float64 ``[41, macros]``.

    Row i holds the descriptors' quantiles at -2.5 + i/8 standard deviations. Between them the map is
    linear, and outside it goes on with the slope of the whole. Loudness is only divided by `LOUDNESS_DB`.
    """

    knots: npt.NDArray[np.float64]

    @classmethod
    def fit(cls, descriptors: Values) -> "Scale":
        """The scale of a training set, ``[n, 9]``; values that many patches share spread a little."""
        shares = [NormalDist().cdf(knot) for knot in _KNOTS]
        quantiles = np.quantile(descriptors[:, : len(MACROS)].astype(np.float64), shares, axis=0)
        least = _LEAST_STEP * np.maximum(quantiles[-1] - quantiles[0], 1e-6)
        return cls(
            np.cumsum(np.vstack([quantiles[:1], np.maximum(np.diff(quantiles, axis=0), least)]), axis=0)
        )

    @property
    def spans(self) -> npt.NDArray[np.float64]:
        """Descriptor units per standard deviation, averaged over the range, ``[macros]``."""
        return np.asarray((self.knots[-1] - self.knots[0]) / (2 * RANGE))

    def to_units(self, descriptors: Values) -> Values:
        """Descriptors ``[n, 9]`` in standard units, float32 ``[n, 9]``."""
        scaled = np.empty(descriptors.shape, np.float32)
        for column, (knots, span) in enumerate(zip(self.knots.T, self.spans, strict=True)):
            values = descriptors[:, column].astype(np.float64)
            outside = values - np.clip(values, knots[0], knots[-1])
            scaled[:, column] = np.interp(values, knots, _KNOTS) + np.clip(outside / span, -1.0, 1.0)
        scaled[:, len(MACROS)] = descriptors[:, len(MACROS)] / LOUDNESS_DB
        return scaled
