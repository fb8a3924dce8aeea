"""Clocks from outside, by which a performance is heard or played: MIDI clock, Ableton Link."""

from collections.abc import Iterable
from typing import Literal, Protocol

from tsumami.bridge.midi.clock_follower import ClockFollower
from tsumami.bridge.midi.clock_input import ClockInput
from tsumami.bridge.midi.clock_messages import ClockMessages

ClockName = Literal["midi", "link"]


class OuterClock(Protocol):
    """What is needed of a clock; all methods are called from one thread."""

    @property
    def source(self) -> Literal["midi clock", "link", "session"]:
        """What it is called."""
        ...

    @property
    def bpm(self) -> float | None:
        """Its tempo, where one has come."""
        ...

    @property
    def is_running(self) -> bool:
        """Whether its song plays."""
        ...

    @property
    def state(self) -> str:
        """How it stands, in few words; with the remedy where it does not run."""
        ...

    def open(self) -> None:
        """Begin to listen; raises `DeviceError` or `ParameterError`."""
        ...

    def beats(self) -> Iterable[tuple[int, float]]:
        """Beats told since the last call, some of them anew: the number in its song, and its ns."""
        ...

    def close(self) -> None:
        """Listen no more."""
        ...


class MidiClock:
    """MIDI clock of any port, or out of what a session has ``heard`` at its own."""

    source: Literal["midi clock"] = "midi clock"

    def __init__(self, heard: ClockMessages | None = None) -> None:
        self._input = ClockInput() if heard is None else None
        self._heard = self._input.heard if self._input is not None else heard or ClockMessages()
        self._follower = ClockFollower()

    @property
    def bpm(self) -> float | None:
        """See `OuterClock`."""
        return self._follower.bpm

    @property
    def is_running(self) -> bool:
        """See `OuterClock`."""
        return self._follower.is_running

    @property
    def state(self) -> str:
        """See `OuterClock`."""
        if self._input is not None and not self._input.is_alive:
            return "the MIDI system is gone; it is looked for"
        if self.bpm is None:
            return "no MIDI clock has come: let the sequencer send it to the port tsumami"
        if not self._follower.is_running:
            return f"MIDI clock of {self._heard.leader} stands still: press start on the sequencer"
        return f"MIDI clock of {self._heard.leader}"

    def open(self) -> None:
        """See `OuterClock`."""
        if self._input is not None:
            self._input.open()

    def beats(self) -> Iterable[tuple[int, float]]:
        """See `OuterClock`."""
        for message, stamp_ns in self._heard.poll():
            self._follower.feed(message, stamp_ns)
            yield from self._follower.beats()

    def close(self) -> None:
        """See `OuterClock`."""
        if self._input is not None:
            self._input.close()


def make_clock(name: ClockName, heard: ClockMessages | None = None) -> OuterClock:
    """The clock of that name, not yet open; ``heard`` as of `MidiClock`."""
    if name == "midi":
        return MidiClock(heard)
    from tsumami.bridge.tempo.link_clock import LinkClock

    return LinkClock()
