"""MIDI clock of real ports on a JACK server."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest

from tests.bridge.keyboard import keyboard
from tests.jack import JackServer
from tests.waiting import until
from tsumami.bridge.midi.clock_input import ClockInput
from tsumami.bridge.midi.parser import Message, Status
from tsumami.bridge.tempo.outer_clock import MidiClock

rtmidi: Any = import_module("rtmidi")

_CLOCK = [int(Status.CLOCK)]


@contextmanager
def listening() -> Iterator[ClockInput]:
    clock = ClockInput("jack", look_seconds=0.02)
    clock.open()
    try:
        yield clock
    finally:
        clock.close()


def collect(clock: ClockInput, keys: Any, messages: list[list[int]]) -> list[tuple[Message, int]]:
    """Send messages and return what comes of them; what JACK drops while it connects is knocked for."""
    knock = [int(Status.SONG_POSITION), 1, 1]
    until(lambda: keys.send_message(knock) or bool(list(clock.heard.poll())), ["no message came"])
    come: list[tuple[Message, int]] = []
    for message in [*messages, [int(Status.SONG_POSITION), 2, 2]]:
        keys.send_message(message)
    end = Message(Status.SONG_POSITION, 0, 2, 2)
    until(
        lambda: come.extend(clock.heard.poll()) or any(message == end for message, _ in come), ["no end came"]
    )  # type: ignore[func-returns-value]
    knocked = Message(Status.SONG_POSITION, 0, 1, 1)
    return [(message, stamp) for message, stamp in come if message not in (end, knocked)]


def test_only_a_clock_is_heard_and_when_it_came(jack_server: JackServer) -> None:
    with listening() as clock, keyboard(jack_server) as keys:
        begun_ns = time.perf_counter_ns()
        come = collect(clock, keys, [[0xFA], _CLOCK, [0x90, 60, 100], _CLOCK, [0xB0, 20, 5], [0xFC]])
        assert clock.heard.leader == "tsumami"
        assert clock.is_alive
    statuses = [message.status for message, _ in come]
    assert statuses == [Status.START, Status.CLOCK, Status.CLOCK, Status.STOP]
    stamps = [stamp for _, stamp in come]
    assert stamps == sorted(stamps)
    assert begun_ns < stamps[0] <= stamps[-1] < time.perf_counter_ns()


def test_a_port_that_comes_later_is_heard_once_though_it_is_connected_twice(jack_server: JackServer) -> None:
    with listening() as clock:
        keys = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="sequencer")
        keys.open_virtual_port("out")
        try:
            port = next(name for name in jack_server.ports() if name.startswith("sequencer:"))
            until(lambda: port in clock.names, ["it was not opened"])
            assert [message.status for message, _ in collect(clock, keys, [_CLOCK, _CLOCK])] == [
                Status.CLOCK,
                Status.CLOCK,
            ]
            assert clock.heard.leader == port
        finally:
            keys.close_port()
            keys.delete()
        until(lambda: clock.names == ("tsumami",), ["it is still there"])


@pytest.mark.usefixtures("jack_server")
def test_a_clock_that_does_not_come_is_told() -> None:
    clock = MidiClock()
    clock.open()
    assert clock.state.startswith("no MIDI clock has come: let the sequencer send it to the port tsumami")
    assert clock.bpm is None
    assert not list(clock.beats())
    clock.close()
