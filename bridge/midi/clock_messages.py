"""MIDI clock out of several ports: one of them is followed."""

from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import Final

from tsumami.bridge.midi.parser import Message, Status

_SILENT_NS: Final = 1_000_000_000
_CLOCK: Final = frozenset(
    {Status.CLOCK, Status.START, Status.CONTINUE, Status.STOP, Status.SONG_POSITION},
)


class ClockMessages:
    """Takes what ports bring in one thread, `take`, and hands out what is of the clock in another, `poll`.

    Where several send a clock, the first is followed until it has been silent for a second: a program that is
    connected to our port is often also a port that is opened here.
    """

    def __init__(self) -> None:
        self._leader, self._led_ns = "", 0
        self._messages: SimpleQueue[tuple[Message, int]] = SimpleQueue()

    @property
    def leader(self) -> str:
        """The port whose clock is followed; empty until one has come."""
        return self._leader

    def take(self, name: str, message: Message, stamp_ns: int) -> None:
        """Take any message of a port, that came at a time of `time.perf_counter_ns`."""
        if message.status in _CLOCK and self._follows(name, stamp_ns):
            self._messages.put((message, stamp_ns))

    def poll(self) -> Iterator[tuple[Message, int]]:
        """What has come of the followed clock since the last call, and when."""
        while True:
            try:
                yield self._messages.get_nowait()
            except Empty:
                return

    def _follows(self, name: str, stamp_ns: int) -> bool:
        """Whether a port's clock is the one that counts."""
        if name != self._leader and stamp_ns - self._led_ns > _SILENT_NS:
            self._leader = name
        if name == self._leader:
            self._led_ns = stamp_ns
        return name == self._leader
