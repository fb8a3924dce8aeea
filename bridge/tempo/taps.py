"""A tempo by tapping it."""

from collections import deque
from typing import Final

import numpy as np

_KEPT: Final = 8
_LONGEST_NS: Final = 3_000_000_000
"""Between two taps of one tempo: twenty beats a minute."""
_MOST_APART: Final = 0.35
"""How far a tap may be from where the others expect it, in beats: further off, the tempo is a new one."""


class Taps:
    """Taps at times of `time.perf_counter_ns`; the tempo is the line through the last eight."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=_KEPT)

    def tap(self, ns: float) -> float | None:
        """Beats a minute after a tap; None after the first of a tempo."""
        times = self._times
        if times and not 0.0 < ns - times[-1] <= _LONGEST_NS:
            times.clear()
        if len(times) > 1 and abs((ns - times[-1]) / self._period - 1.0) > _MOST_APART:
            last = times[-1]
            times.clear()
            times.append(last)
        times.append(ns)
        return None if len(times) < 2 else 60e9 / self._period

    @property
    def _period(self) -> float:
        """Nanoseconds from tap to tap."""
        times = np.array(self._times) - self._times[0]
        slope, _ = np.polyfit(np.arange(len(times)), times, 1)
        return float(slope)
