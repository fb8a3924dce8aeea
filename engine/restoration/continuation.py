"""How a past goes on: by an autoregression, and by what came after a place like it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tsumami.engine.restoration.extrapolation import extrapolate
from tsumami.engine.restoration.interpolation import interpolate

Samples = npt.NDArray[np.float64]


class Continuation:
    """What an autoregression makes of a past, piece by piece."""

    def __init__(self, past: Samples, coefficients: Samples) -> None:
        self._past, self._coefficients = self._newest(past, len(coefficients)), coefficients

    def go_on(self, frames: int) -> Samples:
        """The next samples."""
        output = np.empty(frames)
        extrapolate(self._past, self._coefficients, output)
        self._past = self._newest(np.concatenate([self._past, output]), len(self._coefficients))
        return output

    def fill(self, after: Samples, added: Samples, doubt: float) -> Samples:
        """All samples up to ``after``; see `interpolate`."""
        return interpolate(
            self._past, after, len(added) - len(after), self._coefficients, added=added, doubt=doubt
        )

    def fill_near(self, after: Samples, ahead: Samples, doubt: float) -> Samples:
        """The same, with ``ahead`` instead of what the autoregression would make of the past by itself."""
        alone = np.empty(len(ahead))
        extrapolate(self._past, self._coefficients, alone)
        return self.fill(after, ahead - alone, doubt)

    @staticmethod
    def _newest(past: Samples, size: int) -> Samples:
        return past[max(len(past) - size, 0) :].copy()


def mean_of(continuations: Sequence[Continuation], frames: int) -> Samples:
    """The next samples of several, averaged."""
    return np.asarray(np.mean([continuation.go_on(frames) for continuation in continuations], axis=0))


class Echo:
    """What came after a place like the present, less what the autoregressions would have made of it."""

    def __init__(self, place: Samples, level: float, coefficients: Sequence[Samples]) -> None:
        self._level = level
        self._expected = [Continuation(place, each) for each in coefficients]

    def go_on(self, came: Samples, frames: int) -> Samples:
        """The next samples, of what ``came`` next; silence where that is not known."""
        echo = np.zeros(frames)
        came = came[:frames]
        echo[: len(came)] = self._level * (came - mean_of(self._expected, frames)[: len(came)])
        return echo
