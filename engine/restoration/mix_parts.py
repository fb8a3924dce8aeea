"""The parts that a gap's continuation is mixed of."""

from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.restoration.continuation import Continuation, Echo
from tsumami.engine.restoration.similar import Match

Samples = npt.NDArray[np.float64]

PARTS: Final = 4
"""In this order:

1. the mean of two autoregressions, of which one follows what changes and one tells close partials apart;
2. half of what they differ by;
3. how a third, quicker than both, differs from their mean;
4. what came after a place like the present, less what the two would have made of it.
"""

_ECHOED_SECONDS: Final = 0.3


class Parts:
    """The parts from place ``end`` of what was heard on; of the fourth there is silence without a match.

    ``coefficients`` are those of the three autoregressions, the quick one last.
    """

    def __init__(
        self,
        heard: Samples,
        end: int,
        coefficients: tuple[Samples, Samples, Samples],
        match: Match | None,
        sample_rate: float,
    ) -> None:
        self._continuations = [Continuation(heard[:end], each) for each in coefficients]
        self._echo: Echo | None = None
        self._came = np.zeros(0)
        if match is not None and end > match.lag:
            place = end - match.lag
            self._echo = Echo(heard[:place], match.level, coefficients[:2])
            self._came = heard[place : place + round(_ECHOED_SECONDS * sample_rate)].copy()

    def go_on(self, frames: int) -> Samples:
        """The next samples of each, ``[PARTS, frames]``."""
        short, long, quick = (continuation.go_on(frames) for continuation in self._continuations)
        mean = 0.5 * (short + long)
        echo = np.zeros(frames)
        if self._echo is not None:
            echo = self._echo.go_on(self._came, frames)
            self._came = self._came[frames:]
        return np.stack([mean, 0.5 * (short - long), quick - mean, echo])
