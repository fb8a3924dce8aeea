"""What a denoising encoder is given instead of the sound (section 3.3): ways to disturb it.

The paper writes N(0, 0.2); 0.2 is read as the deviation, as a variance it would be louder than most drums.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

Beats = npt.NDArray[np.float32]
Noise = Callable[[Beats, np.random.Generator], Beats]
"""Clean beats ``[beats, frames]`` to disturbed ones."""

_DEVIATION: Final = 0.2
_QUIET: Final = 0.5
"""Conditional noise falls on samples of at most this amplitude."""
_AROUND: Final = 10
_PAST: Final = 100
_ORDERS: Final = 10
_SHARE: Final = 0.3
_SILENT: Final = 1e-12


def none(beats: Beats, _rng: np.random.Generator) -> Beats:
    """The sound itself."""
    return beats


def weak(beats: Beats, rng: np.random.Generator) -> Beats:
    """With normal deviates of 0.2."""
    deviates = rng.standard_normal(beats.shape, np.float32)
    return np.asarray(beats + np.float32(_DEVIATION) * deviates, np.float32)


def conditional(beats: Beats, rng: np.random.Generator) -> Beats:
    """The same, but where the sound is louder than 0.5."""
    return np.where(np.abs(beats) <= _QUIET, weak(beats, rng), beats)


def anti_phase(beats: Beats, _rng: np.random.Generator) -> Beats:
    """Less 0.3 of what an autoregression predicts, see `predicted`."""
    return np.stack([beat - np.float32(_SHARE) * predicted(beat) for beat in beats])


NOISES: Final[Mapping[str, Noise]] = MappingProxyType(
    {"none": none, "weak": weak, "conditional": conditional, "anti_phase": anti_phase}
)


def predicted(beat: Beats) -> Beats:
    """What is to be expected of every sample of ``[frames]``, by section 4.1.

    The sound is smoothed over 10 samples on either side. Autoregressions of lags 1 to 1-10 are fitted to the
    last 100 samples and the present one (Yule-Walker, by Levinson's recursion); the one with the best AIC
    says what the present is.
    """
    smooth = np.convolve(
        np.asarray(beat, np.float64), np.full(2 * _AROUND + 1, 1.0 / (2 * _AROUND + 1)), "same"
    )
    products = _local_products(smooth)
    error = np.maximum(products[0], _SILENT)
    lags = np.zeros((_ORDERS, len(beat)))
    past = np.stack([_later(smooth, lag) for lag in range(1, _ORDERS + 1)])
    best, found = np.full(len(beat), np.inf), np.zeros(len(beat))
    for order in range(1, _ORDERS + 1):
        known = lags[: order - 1]
        reflection = (products[order] - (known * products[order - 1 : 0 : -1]).sum(axis=0)) / error
        lags[: order - 1] = known - reflection * known[::-1]
        lags[order - 1] = reflection
        error = np.maximum(error * (1.0 - reflection**2), _SILENT)
        criterion = (_PAST + 1) * np.log(error) + 2 * order
        is_better = criterion < best
        best = np.where(is_better, criterion, best)
        found = np.where(is_better, (lags[:order] * past[:order]).sum(axis=0), found)
    return np.asarray(found, np.float32)


def _local_products(smooth: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Autocovariances of the last 101 samples before every one, by lag, ``[lags, frames]``."""
    rows = []
    for lag in range(_ORDERS + 1):
        running = np.cumsum(smooth * _later(smooth, lag))
        rows.append(running - _later(running, _PAST + 1 - lag))
    return np.stack(rows)


def _later(values: npt.NDArray[np.float64], by: int) -> npt.NDArray[np.float64]:
    """The same, ``by`` samples later, after zeros."""
    return np.concatenate([np.zeros(min(by, len(values))), values[: max(len(values) - by, 0)]])
