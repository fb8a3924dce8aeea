"""Runs of samples that share something, over the borders of pages."""

import numpy as np
import numpy.typing as npt

Span = tuple[int, int]
"""Begin, and end, the place after the last sample."""


class Runs:
    """Where a condition holds for ``least`` samples in a row or more."""

    def __init__(self, least: int) -> None:
        self._least = least
        self._begin: int | None = None

    def hear(self, holds: npt.NDArray[np.bool_], at: int) -> list[Span]:
        """Runs that have ended within the samples from place ``at`` on: their begin and end."""
        edges = np.flatnonzero(np.diff(holds, prepend=self._begin is not None)) + at
        bounds = [] if self._begin is None else [self._begin]
        bounds += edges.tolist()
        self._begin = bounds.pop() if len(bounds) % 2 else None
        return [
            (begin, end)
            for begin, end in zip(bounds[::2], bounds[1::2], strict=True)
            if end - begin >= self._least
        ]
