"""Beats as a straight line over the machine's clock."""

import time
from typing import Final, NamedTuple

BEATS_IN_BAR: Final = 4
_NS_PER_MINUTE: Final = 60e9


class _Line(NamedTuple):
    """Through ``beat`` at ``ns``, so steep as the tempo."""

    beat: float
    ns: float
    bpm: float


class Beat:
    """Where the music is. Times are of `time.perf_counter_ns`; any thread may read it, one moves it."""

    def __init__(self, bpm: float) -> None:
        self._line = _Line(0.0, float(time.perf_counter_ns()), bpm)

    @property
    def bpm(self) -> float:
        """Beats a minute."""
        return self._line.bpm

    def at(self, ns: float) -> float:
        """The beat, with its fraction, at a time."""
        beat, since, bpm = self._line
        return beat + (ns - since) * bpm / _NS_PER_MINUTE

    def ns_of(self, beat: float) -> float:
        """When a beat falls."""
        begin, since, bpm = self._line
        return since + (beat - begin) * _NS_PER_MINUTE / bpm

    def change(self, bpm: float, ns: float) -> None:
        """Another tempo from a time on; no beat is left out."""
        self._line = _Line(self.at(ns), ns, bpm)

    def place(self, beat: float, ns: float) -> None:
        """Put a beat at a time."""
        self._line = _Line(beat, ns, self._line.bpm)
