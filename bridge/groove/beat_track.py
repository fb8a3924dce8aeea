"""Beats that a clock has told, as a grid of the hits' time needs them: without a gap, and bar by bar."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.bridge.tempo.beat import BEATS_IN_BAR

Values = npt.NDArray[np.float64]

_SAME: Final = 0.5
"""A beat told anew lies within this share of a period of where it was."""


@dataclass(slots=True)
class _Run:
    """Beats in a row: the number of the first, and when each fell, in seconds."""

    first: int
    seconds: list[float]

    @property
    def period(self) -> float:
        """The last; half a second where there is but one beat."""
        return self.seconds[-1] - self.seconds[-2] if len(self.seconds) > 1 else 0.5

    def holds(self, times: Values, until: float) -> npt.NDArray[np.bool_]:
        """Which times lie within it, or less than a beat beside it, and before ``until``.

        None in a single beat.
        """
        if len(self.seconds) < 2:
            return np.zeros(len(times), bool)
        end = min(self.seconds[-1] + self.period, until)
        return np.asarray((times > self.seconds[0] - self.period) & (times < end))


class BeatTrack:
    """Collects the beats of a clock that may stop, begin anew or jump."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    def note(self, number: int, seconds: float) -> None:
        """Take beat ``number`` of the song, 0 first; one that was told before is now known better."""
        if self._runs:
            run = self._runs[-1]
            index = number - run.first
            if 0 <= index < len(run.seconds) and abs(seconds - run.seconds[index]) < _SAME * run.period:
                run.seconds[index] = seconds
                return
            if seconds <= run.seconds[-1]:
                return
            if index == len(run.seconds) and seconds - run.seconds[-1] < 2.0 * run.period:
                run.seconds.append(seconds)
                return
        self._runs.append(_Run(number, [seconds]))

    def beats(self, times: Values) -> tuple[Values, int]:
        """When the beats fell of the runs that hold some of ``times``, and which of its bar the first is.

        Between two runs stand beats that nobody told, so many that the bars go on as the clock counts them.
        """
        runs = [run for run, held in self._held(times) if held.any()]
        seconds = list(runs[0].seconds)
        number = runs[0].first + len(seconds) - 1
        for before, run in itertools.pairwise(runs):
            steps = max(round((run.seconds[0] - seconds[-1]) / before.period), 1)
            steps += (run.first - number - steps) % BEATS_IN_BAR
            seconds += np.linspace(seconds[-1], run.seconds[0], steps + 1)[1:-1].tolist() + run.seconds
            number = run.first + len(run.seconds) - 1
        return np.array(seconds), runs[0].first % BEATS_IN_BAR

    def holds(self, times: Values) -> npt.NDArray[np.bool_]:
        """Which times lie within any run."""
        held = np.zeros(len(times), bool)
        for _, of_run in self._held(times):
            held |= of_run
        return held

    def _held(self, times: Values) -> Iterator[tuple[_Run, npt.NDArray[np.bool_]]]:
        """Each run, and which times are its own: what is near the next one's first beat is that one's."""
        ends = [run.seconds[0] - run.period / 2 for run in self._runs[1:]]
        for run, until in zip(self._runs, [*ends, np.inf], strict=False):
            yield run, run.holds(times, until)
