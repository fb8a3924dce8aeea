"""MIDI clock as beats: 24 pulses each, counted from the start or from a song position (MIDI 1.0, page 30).

A pulse comes late by what cable, driver and reader make of it, never early, so each beat's time is that of a
line under the pulses of the beat before and the beat after it.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.bridge.midi.parser import Message, Status

PULSES_PER_BEAT: Final = 24
_PULSES_PER_STEP: Final = 6
"""Song positions count sixteenths."""
_KEPT: Final = 2 * PULSES_PER_BEAT + 1
_FEWEST: Final = 7
_SILENT_NS: Final = 1_000_000_000
"""A clock that pauses for longer has stopped, though it did not say so."""
_PUNCTUAL: Final = 10.0
"""The share of the pulses, in percent, that come without delay."""
_NS: Final = 1e9


class ClockFollower:
    """Takes the messages of one clock; `beats` tells its beats, `bpm` its tempo."""

    def __init__(self) -> None:
        self.bpm: float | None = None
        """Of the last two beats; None until some pulses have come."""
        self.is_running = False
        """Whether it has started, and not stopped."""
        self._position = 0
        """The pulse of the song that comes next."""
        self._pulses = np.zeros((0, 2), np.int64)
        """Song position and time of the last pulses."""
        self._free: list[int] = []
        """Times of the last pulses, of a song or not."""
        self._told = -1

    def feed(self, message: Message, stamp_ns: int) -> None:
        """Take a message that came at ``stamp_ns``; those that are none of a clock are passed over."""
        match message.status:
            case Status.CLOCK:
                self._tick(stamp_ns)
            case Status.START:
                self._begin(0)
            case Status.CONTINUE:
                self._begin(self._position)
            case Status.STOP:
                self.is_running = False
            case Status.SONG_POSITION:
                self._position = (message.data1 | message.data2 << 7) * _PULSES_PER_STEP
            case _:
                pass

    def _begin(self, position: int) -> None:
        self._position, self.is_running = position, True
        self._pulses, self._told = self._pulses[:0], -1
        self._free.clear()

    def _tick(self, stamp_ns: int) -> None:
        if self._free and stamp_ns - self._free[-1] > _SILENT_NS:
            self._free.clear()
            self.is_running = False
        self._free = [*self._free[1 - _KEPT :], stamp_ns]
        if len(self._free) >= _FEWEST:
            period, _ = _line(np.arange(len(self._free)), np.array(self._free))
            self.bpm = 60.0 * _NS / (PULSES_PER_BEAT * period)
        if self.is_running:
            pulse = np.array([[self._position, stamp_ns]])
            self._pulses = np.concatenate([self._pulses[1 - _KEPT :], pulse])
            self._position += 1

    def beats(self) -> Iterator[tuple[int, float]]:
        """Beats of the song, 0 first, and when they fell in ns, again and again while they become exacter.

        Only those that have come since a start are told, each until a beat after it.
        """
        if len(self._pulses) < _FEWEST:
            return
        positions, times = self._pulses.T
        first, last = -(-int(positions[0]) // PULSES_PER_BEAT), int(positions[-1]) // PULSES_PER_BEAT
        for beat in range(max(first, self._told), last + 1):
            own = np.abs(positions - beat * PULSES_PER_BEAT) <= PULSES_PER_BEAT
            _, begin = _line(positions[own] - beat * PULSES_PER_BEAT, times[own])
            yield beat, begin
        self._told = last - 1


def _line(positions: npt.NDArray[np.int64], times: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Slope, and height at 0, of the line under the times: the most punctual pulses lie on it."""
    middle = positions.mean()
    at, off = positions - middle, times - times[0]
    slope, _ = np.polyfit(at, off, 1)
    late = off - slope * at
    is_punctual = late <= np.median(late)
    slope, _ = np.polyfit(at[is_punctual], off[is_punctual], 1)
    height = float(np.percentile(off - slope * at, _PUNCTUAL))
    return float(slope), float(times[0] + height - slope * middle)
