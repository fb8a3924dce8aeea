"""One loudness for all loops, so that a seed is not chosen for being loud."""

from typing import Final

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float32]

LEVEL_DBFS: Final = -18.0
"""Root mean square that every loop is brought to, as far as …"""
PEAK_DBFS: Final = -3.0
"""… that lets it: none peaks above."""
_SILENT: Final = 1e-6


def evened(loop: Audio) -> Audio:
    """A loop at the level of all; silence stays what it is."""
    peak = float(np.abs(loop).max())
    if peak < _SILENT:
        return np.zeros_like(loop)
    power = float(np.sqrt(np.mean(np.square(loop, dtype=np.float64))))
    gain = min(10.0 ** (LEVEL_DBFS / 20.0) / power, 10.0 ** (PEAK_DBFS / 20.0) / peak)
    return np.asarray(loop * np.float32(gain))
