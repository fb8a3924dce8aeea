"""The sender's clock as seen from here: how far it runs from ours, and the least delay of its packets."""

from collections import deque

import numpy as np

_BIN_SECONDS = 1.0
_MOST_BINS = 120
_FEWEST_BINS = 20
_RECENT_BINS = 10
_STEP_SECONDS = 0.005
_AGREEMENT_SECONDS = 0.002
_ERRORS = 2 * 1.86
"""Two standard errors of a median, from the median of the distances to it."""
_MOST_DRIFT = 1e-3
"""Crystals keep within 100 ppm; what seems more is a network whose delay has changed."""


class ClockDrift:
    """Estimates a sender's clock from the timestamps of its packets and when they came.

    Jitter only ever adds to a packet's delay, so the least delay of each second lies close to the line
    that the two clocks draw. Its slope is the median of the slopes between the older and the newer half of
    the last two minutes (Theil's abbreviated method), which a few seconds of congestion do not turn.
    A change of the network's delay that lasts is taken out of the line when two seconds agree on it.
    """

    def __init__(self) -> None:
        self._bins: deque[tuple[float, float]] = deque(maxlen=_MOST_BINS)  # arrival, least delay
        self._open: tuple[float, float] | None = None
        self._opened = 0.0
        self._drift = 0.0

    @property
    def drift(self) -> float:
        """By how much the sender's clock is fast, as a ratio; 0 until twenty seconds have been seen."""
        return self._drift

    @property
    def drift_ppm(self) -> float:
        """The same in millionths."""
        return self._drift * 1e6

    def observe(self, sent_seconds: float, arrived_seconds: float) -> None:
        """Take a packet's timestamp, in seconds of the sender's clock, and when it came by ours."""
        delay = arrived_seconds - sent_seconds
        if self._open is None:
            self._open, self._opened = (arrived_seconds, delay), arrived_seconds
        elif delay < self._open[1]:
            self._open = arrived_seconds, delay
        if arrived_seconds - self._opened >= _BIN_SECONDS:
            self._bins.append(self._open)
            self._open = None
            self._take_out_step()
            self._drift = self._estimate()

    def delay_seconds(self, now: float) -> float:
        """What is added to a timestamp for the earliest moment at which its packet comes.

        It holds any offset between the clocks, so only differences mean something.
        """
        recent = list(self._bins)[-_RECENT_BINS:]
        if self._open is not None:
            recent.append(self._open)
        if not recent:
            return 0.0
        return min(delay - self._drift * (now - arrived) for arrived, delay in recent)

    def _take_out_step(self) -> None:
        """Move the line to where the last two bins are, if they agree that it is elsewhere."""
        if len(self._bins) < 5:
            return
        line = [delay for _, delay in list(self._bins)[-5:]]
        before = sorted(line[:3])[1]
        first, second = line[3] - before, line[4] - before
        if min(abs(first), abs(second)) > _STEP_SECONDS and abs(first - second) < _AGREEMENT_SECONDS:
            step = (first + second) / 2
            last = [self._bins.pop(), self._bins.pop()]
            moved = [(arrived, delay + step) for arrived, delay in self._bins]
            self._bins = deque([*moved, *reversed(last)], maxlen=_MOST_BINS)

    def _estimate(self) -> float:
        """The median slope, as much of it as stands out of its own error."""
        half = len(self._bins) // 2
        if len(self._bins) < _FEWEST_BINS:
            return 0.0
        points = np.array(self._bins)
        moved = points[half : 2 * half] - points[:half]
        slopes = moved[:, 1] / moved[:, 0]
        slope = float(np.median(slopes))
        error = _ERRORS * float(np.median(np.abs(slopes - slope))) / half**0.5
        certainty = max(1.0 - (error / slope) ** 2, 0.0) if slope else 0.0
        return min(max(-slope * certainty, -_MOST_DRIFT), _MOST_DRIFT)
