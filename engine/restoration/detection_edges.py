"""What an autoregression says of a place: whether the sound was cut there, and what stands out."""

from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.jit import summing_kernel
from tsumami.engine.restoration.burg import burg
from tsumami.engine.restoration.extrapolation import extrapolate

Samples = npt.NDArray[np.float64]

ORDER: Final = 32
CONTEXT_SECONDS: Final = 0.02
"""Of sound to either side that a place is judged by."""

_AHEAD_SECONDS: Final = 0.001
_LAST_SECONDS: Final = 0.0001
_LEAST_GAIN: Final = 10.0
"""Of a prediction: what is as good as noise goes on in any way."""
_JUMP: Final = 6.0
"""Error of a prediction where sound was joined to other sound, against its usual ones."""
_DEVIATION: Final = 1.48
"""Of noise, for the median of its size 1: an onset or another joint may be near."""
_JOINT: Final = 4
"""Samples after a joint of which one at least is then wrong."""


@summing_kernel
def prediction_errors(x: Samples, coefficients: Samples) -> Samples:
    """By how much each sample differs from its prediction, ``[2, samples]``: forwards and backwards.

    Beyond its ends ``x`` is taken to be silent.
    """
    order, size = len(coefficients), len(x)
    errors = np.empty((2, size))
    for i in range(size):
        forwards, backwards = x[i], x[i]
        for k in range(min(order, i)):
            forwards -= coefficients[k] * x[i - 1 - k]
        for k in range(min(order, size - 1 - i)):
            backwards -= coefficients[k] * x[i + 1 + k]
        errors[0, i], errors[1, i] = abs(forwards), abs(backwards)
    return errors


def fitted(x: Samples) -> Samples:
    """An autoregression of ``x``, of order `ORDER` where it is long enough."""
    order = min(ORDER, len(x) // 3)
    return burg(np.ascontiguousarray(x), order) if order else np.zeros(0)


def going_on(before: Samples, sample_rate: float) -> float:
    """How loud sound would go on after ``before``, as a share of its level: about 0 where it has ended."""
    level = _rms(before)
    if level == 0.0:
        return 0.0
    ahead = np.empty(max(round(_AHEAD_SECONDS * sample_rate), 1))
    before = np.ascontiguousarray(before)
    extrapolate(before, fitted(before), ahead)
    last = float(np.abs(before[-max(round(_LAST_SECONDS * sample_rate), 2) :]).max())
    return max(_rms(ahead), last) / level


def is_joint(before: Samples, after: Samples) -> bool:
    """Whether ``after`` is not how sound goes on that can be predicted; True for what cannot."""
    coefficients = fitted(before)
    if not len(coefficients) or not len(after):
        return False
    joined = np.concatenate([before, after[:_JOINT]])
    errors = prediction_errors(joined, coefficients)[0]
    usual = _DEVIATION * float(np.median(errors[len(coefficients) : len(before)]))
    is_noise = _rms(before) < _LEAST_GAIN * usual
    return is_noise or bool(errors[len(before) :].max() > _JUMP * usual)


def _rms(x: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(x)))) if len(x) else 0.0
