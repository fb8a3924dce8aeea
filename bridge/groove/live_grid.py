"""Where the grid of a live performance comes from."""

from dataclasses import replace
from typing import Protocol

import numpy as np

from tsumami.bridge.groove.analysis import Groove, groove_of, groove_on
from tsumami.bridge.groove.beat_track import BeatTrack
from tsumami.bridge.groove.host_clock import HostClock
from tsumami.bridge.groove.recording import Recording
from tsumami.bridge.groove.reference_file import ReferenceHits
from tsumami.bridge.tempo.beat import BEATS_IN_BAR
from tsumami.bridge.tempo.outer_clock import OuterClock
from tsumami.engine.errors import SoundError
from tsumami.engine.groove import known_beats
from tsumami.engine.groove.deviation import bias_of


class LiveGrid(Protocol):
    """A source of grids for what was heard so far."""

    @property
    def state(self) -> str:
        """How it stands, in few words; empty where there is nothing to say."""
        ...

    def follow(self, clock: HostClock, latency_seconds: float) -> None:
        """Take what is new of the grid; ``latency_seconds`` is from the input's converter to the ear."""
        ...

    def groove(self, recording: Recording) -> Groove:
        """The groove of what was heard; raises `SoundError` where nothing can be said yet."""
        ...


class FoundGrid:
    """The grid of the hits themselves, of a given tempo or none."""

    state = ""

    def __init__(self, bpm: float | None) -> None:
        self._bpm = bpm

    def follow(self, clock: HostClock, latency_seconds: float) -> None:
        """See `LiveGrid`."""

    def groove(self, recording: Recording) -> Groove:
        """See `LiveGrid`."""
        return groove_of(recording, self._bpm)


class ReferenceGrid:
    """The grid of a reference, which may begin at any time: the middle of all hits is on it."""

    state = ""

    def __init__(self, reference: ReferenceHits) -> None:
        self._reference = reference

    def follow(self, clock: HostClock, latency_seconds: float) -> None:
        """See `LiveGrid`."""

    def groove(self, recording: Recording) -> Groove:
        """See `LiveGrid`."""
        groove = groove_of(recording, against=self._reference)
        late_ms = bias_of(groove.lean.deviation_ms)
        lean = replace(
            groove.lean,
            grid=replace(groove.lean.grid.later(late_ms / 1000.0), knows_time=False),
            deviation_ms=groove.lean.deviation_ms - late_ms,
        )
        return replace(groove, lean=lean, lag_seconds=groove.lag_seconds + late_ms / 1000.0)


class ClickGrid:
    """The grid of our own click, heard so many seconds after the sample that it is played at."""

    state = ""

    def __init__(self, bpm: float, first_seconds: float, round_trip_seconds: float) -> None:
        self._period = 60.0 / bpm
        self._first = first_seconds + round_trip_seconds

    def follow(self, clock: HostClock, latency_seconds: float) -> None:
        """See `LiveGrid`."""

    def groove(self, recording: Recording) -> Groove:
        """See `LiveGrid`."""
        beats = np.arange(max((recording.seconds - self._first) / self._period, 0.0) + 3.0)
        seconds = self._first + beats * self._period
        grid = known_beats(recording.times, recording.lanes, seconds, 0, "click")
        return groove_on(recording, grid.of_bars(BEATS_IN_BAR))


class ClockGrid:
    """The grid of a clock outside; hits while it stands still are left out.

    Where no beat of it was told, the grid is found from the hits, at ``bpm`` if given, and that is said.
    """

    def __init__(self, outer: OuterClock, bpm: float | None = None) -> None:
        self._outer, self._bpm = outer, bpm
        self._track = BeatTrack()
        self.state = outer.state
        """See `LiveGrid`; as it stood at the last `follow`."""

    def follow(self, clock: HostClock, latency_seconds: float) -> None:
        """See `LiveGrid`."""
        self.state = self._outer.state
        for number, ns in self._outer.beats():
            if clock.has_begun:
                self._track.note(number, float(clock.seconds(ns)) + latency_seconds)

    def groove(self, recording: Recording) -> Groove:
        """See `LiveGrid`."""
        is_held = self._track.holds(recording.times)
        if not is_held.any():
            groove = groove_of(recording, self._outer.bpm or self._bpm)
            return replace(groove, remarks=(f"no beat of the clock was told: {self.state}", *groove.remarks))
        out = int((~is_held).sum())
        if out:
            remark = f"{out} hits are left out: the {self._outer.source} stood still"
            recording = replace(recording, hits=recording.hits[is_held], remarks=(*recording.remarks, remark))
        seconds, first = self._track.beats(recording.times)
        grid = known_beats(recording.times, recording.lanes, seconds, first, self._outer.source)
        return groove_on(recording, grid.of_bars(BEATS_IN_BAR))


def final_groove(grid: LiveGrid, recording: Recording, bpm: float | None) -> Groove:
    """The groove of all that was played; where it does not fit its grid, that of its own, and that is said.

    Raises `SoundError` where there is none at all.
    """
    try:
        return grid.groove(recording)
    except SoundError as error:
        if isinstance(grid, FoundGrid):
            raise
        groove = groove_of(recording, bpm)
        return replace(groove, remarks=(str(error), *groove.remarks))
