"""A-weighting, how loud the ear finds a frequency: where the learnable filter begins (IEC 61672-1, 5.5.8)."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

_POLES_HZ: Final = (20.598997, 107.65265, 737.86223, 12194.217)
"""f1 to f4: f1 and f4 are double poles, beside four zeros at 0 Hz."""
_REFERENCE_HZ: Final = 1000.0


def a_weighting(frequencies_hz: npt.ArrayLike) -> npt.NDArray[Any]:
    """Linear gains, float64, 1 at 1 kHz and 0 at 0 Hz.

    A(f) = R(f) / R(1000), R(f) = f4² f⁴ / ((f² + f1²) √(f² + f2²) √(f² + f3²) (f² + f4²)).
    """
    gains = _response(np.asarray(frequencies_hz, np.float64)) / _response(np.float64(_REFERENCE_HZ))
    return np.asarray(gains)


def _response(frequency_hz: Any) -> Any:
    square = np.square(frequency_hz)
    f1, f2, f3, f4 = np.square(_POLES_HZ)
    return f4 * square**2 / ((square + f1) * np.sqrt((square + f2) * (square + f3)) * (square + f4))
