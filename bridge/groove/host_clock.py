"""The machine's clock in a groove's time: when each sample was heard, found from the blocks' own times."""

from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

_NS: Final = 1e9
_PIECE_SECONDS: Final = 0.5
"""Of the blocks of so long a time the one that was earliest counts: the others were woken late."""
_PIECES: Final = 24
_STEP_SECONDS: Final = 0.001
_MOST_DRIFT: Final = 3e-4
"""No two clocks differ by more; what seems so is blocks that were late."""


class HostClock:
    """Follows the sound card's clock against the machine's.

    Feed it with records `tsumami.engine.groove.live_memory.HEARD_DTYPE`; `seconds` is then exact to a
    fraction of a ms for the last ten seconds.
    """

    def __init__(self, sample_rate: float) -> None:
        self._sample_rate = sample_rate
        self._pieces: deque[tuple[int, float, float]] = deque(maxlen=_PIECES)
        """Number, when a block of it was heard in the groove's seconds, and how far the clock is ahead."""

    @property
    def has_begun(self) -> bool:
        """Whether anything was heard."""
        return bool(self._pieces)

    def feed(self, blocks: npt.NDArray[np.void]) -> None:
        """Take blocks that were heard."""
        seconds = blocks["sample"] / self._sample_rate
        ahead = blocks["ns"] / _NS - seconds
        numbers = (seconds / _PIECE_SECONDS).astype(np.int64)
        for number in np.unique(numbers):
            own = numbers == number
            first = int(np.flatnonzero(own)[ahead[own].argmin()])
            self._note(int(number), float(seconds[first]), float(ahead[first]))

    def _note(self, number: int, seconds: float, ahead: float) -> None:
        if self._pieces and self._pieces[-1][0] == number:
            if ahead >= self._pieces[-1][2]:
                return
            self._pieces.pop()
        elif len(self._pieces) > 1:
            self._forget_before_step()
        self._pieces.append((number, seconds, ahead))

    def _forget_before_step(self) -> None:
        """Where blocks were lost, the samples fall back against the clock at once: begin anew from there."""
        last = self._pieces.pop()
        middle, height, slope = self._line()
        if abs(last[2] - height - slope * (last[1] - middle)) > _STEP_SECONDS:
            self._pieces.clear()
        self._pieces.append(last)

    def _line(self) -> tuple[float, float, float]:
        """Through the pieces: the mean of their times, how far the clock is ahead there, and its drift."""
        _, seconds, ahead = (np.array(column) for column in zip(*self._pieces, strict=True))
        middle = float(seconds.mean())
        slope = 0.0
        if len(seconds) > 2:
            slope = float(np.polyfit(seconds - middle, ahead, 1)[0].clip(-_MOST_DRIFT, _MOST_DRIFT))
        return middle, float(ahead.mean()), slope

    def seconds(self, ns: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """When the sample was heard that came at times of `time.perf_counter_ns`, in the groove's seconds."""
        middle, height, slope = self._line()
        clock = np.asarray(ns, np.float64) / _NS
        return np.asarray((clock - height + slope * middle) / (1.0 + slope))
