"""The MIDI output on a real JACK server, to a port that comes, goes and comes again."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from tsumami.bridge.mapping import Mapping, compile_mapping
from tsumami.bridge.midi import Control, Controls, MidiInputs, MidiOutput
from tsumami.bridge.session.session import Midi, Session
from tsumami.engine.errors import DeviceError
from tsumami.engine.events import Events, Kind, event

rtmidi: Any = import_module("rtmidi")

DEADLINE_SECONDS = 10.0
CC = [0xB0, 74]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "nothing came before the deadline"
        time.sleep(0.002)


class Synth:
    """A real MIDI input, and all that it has heard."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._heard: list[list[int]] = []

    @property
    def heard(self) -> list[list[int]]:
        while (packet := self._client.get_message()) is not None:
            self._heard.append(packet[0])
        return self._heard

    @property
    def notes(self) -> list[list[int]]:
        return [message for message in self.heard if message[0] & 0xF0 in (0x80, 0x90)]


@contextmanager
def synth(name: str = "box", to: str | None = None) -> Iterator[Synth]:
    """A synthesizer's input port: free for others to connect, or connected to port ``to``."""
    client = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=name, queue_size_limit=10_000)
    if to is None:
        client.open_virtual_port("in")
    else:
        client.open_port(client.get_ports().index(to), "in")
    try:
        yield Synth(client)
    finally:
        client.close_port()
        client.delete()


class Player:
    """An output with one parameter on CC 74, and a clock that the test turns."""

    def __init__(self, **midi: Any) -> None:
        self.news: list[str] = []
        self.positions = np.array([0.5])
        self.sample = 0
        controls = Controls([Control(0, cc=74)], self.positions)
        self.output = MidiOutput(Midi(api="jack", **midi), controls, lambda: self.sample, self.news.append)

    def play(self, box: Synth, events: Events) -> None:
        """Send until it is heard: JACK drops what falls into a missed cycle."""
        count = len(box.notes)
        sent_at = -np.inf

        def is_heard() -> bool:
            nonlocal sent_at
            if time.monotonic() - sent_at > 1.0:
                sent_at = time.monotonic()
                self.output.play(events)
            return len(box.notes) > count

        wait_for(is_heard)


@contextmanager
def playing(**midi: Any) -> Iterator[Player]:
    player = Player(**midi)
    player.output.open()
    try:
        yield player
    finally:
        player.output.close()


@pytest.mark.usefixtures("jack_server")
class TestOnJack:
    def test_plays_at_once_and_sends_what_moves(self) -> None:
        with synth() as box, playing(output="BOX") as player:
            assert player.news == ["MIDI output 'box:in' is open: notes and 1 parameter go there"]
            wait_for(lambda: [*CC, 64] in box.heard)
            player.play(box, event(Kind.NOTE_ON, 60, 1.0, channel=2))
            assert box.notes[-1] == [0x92, 60, 127]
            player.positions[0] = 1.0
            wait_for(lambda: [*CC, 127] in box.heard)

    def test_close_lets_go_of_what_sounds(self) -> None:
        with synth() as box:
            with playing(output="box") as player:
                wait_for(lambda: bool(box.heard))
                player.play(box, event(Kind.NOTE_ON, 60, 1.0))
                player.play(box, event(Kind.NOTE_ON, 64, 1.0, channel=5))
                player.play(box, event(Kind.NOTE_OFF, 60, 0.0))
            wait_for(lambda: [0xB5, 123, 0] in box.heard)
            assert box.notes[-1] == [0x85, 64, 0]
            assert [0x80, 60, 0] not in box.notes[3:], "that one was let go before"

    def test_port_that_comes_later_and_comes_again_gets_everything(self) -> None:
        with playing(output="box") as player:
            assert player.news[0].startswith("no MIDI output 'box': waiting for it (there are: ")
            player.output.play(event(Kind.NOTE_ON, 60, 1.0))
            for _ in range(2):
                player.news.clear()
                with synth() as box:
                    wait_for(lambda: [*CC, 64] in box.heard)
                    assert box.notes == [], "what was played to nobody is over"
                    player.play(box, event(Kind.NOTE_ON, 62, 1.0))
                wait_for(lambda: player.news[-1:] == ["MIDI output 'box:in' is gone: waiting for it"])
        assert player.output.sent > 0

    def test_without_a_name_a_port_is_offered(self) -> None:
        with playing() as player, synth(to="tsumami-out:tsumami") as box:
            assert player.news == [
                "MIDI output 'tsumami' is offered to other programs: notes and 1 parameter go there"
            ]
            player.play(box, event(Kind.NOTE_ON, 60, 1.0))

    def test_an_event_with_a_time_waits_for_it_and_silence_ends_the_wait(self) -> None:
        with synth() as box, playing(output="box") as player:
            wait_for(lambda: bool(box.heard))
            player.output.play(event(Kind.NOTE_ON, 60, 1.0, time=2000))
            player.output.play(event(Kind.NOTE_ON, 50, 1.0, time=1000))
            player.play(box, event(Kind.NOTE_OFF, 1, 0.0))
            player.sample = 2000
            wait_for(lambda: len(box.notes) == 3)
            assert [message[1] for message in box.notes] == [1, 50, 60]
            player.output.play(event(Kind.NOTE_ON, 70, 1.0, time=3000))
            player.output.play(event(Kind.ALL_NOTES_OFF))
            player.sample = 3000
            player.play(box, event(Kind.NOTE_OFF, 2, 0.0))
            assert [message[1] for message in box.notes] == [1, 50, 60, 2]

    def test_no_circle_is_closed(self) -> None:
        listening = MidiInputs(Midi(api="jack", output="box"), _mapping(), _ignore)
        with playing(output="tsumami") as player, synth("box") as _, _speaking("box-keys"), listening:
            assert player.output.name == "", "its own input is not what was meant"
            assert listening.names == ("tsumami",), "neither the own output nor what is played to"

    def test_a_synth_with_keys_is_heard_when_it_is_asked_for(self) -> None:
        midi = Midi(api="jack", output="box", inputs=["box"])
        with _speaking("box-keys"), MidiInputs(midi, _mapping(), _ignore) as listening:
            assert any("box-keys" in name for name in listening.names)


def test_a_system_without_virtual_ports_asks_for_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsumami.bridge.midi.output_port.choose_api", lambda _wanted: "winmm")
    output = MidiOutput(Midi(), Controls([], np.zeros(1)), lambda: 0, print)
    with pytest.raises(DeviceError, match=r"^midi.output must name a port on winmm, .* got none"):
        output.open()
    output.close()


@contextmanager
def _speaking(name: str) -> Iterator[None]:
    """Another program's MIDI output."""
    client = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=name)
    client.open_virtual_port("out")
    try:
        yield
    finally:
        client.close_port()
        client.delete()


def _mapping() -> Mapping:
    return compile_mapping(Session(maps=[]), macros=[], parameters=[])


def _ignore(_events: Events) -> None:
    pass
