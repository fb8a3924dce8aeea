import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from tsumami.bridge.mapping import compile_mapping
from tsumami.bridge.midi import Message, MidiInputs, PortChange, Status, choose_api
from tsumami.bridge.midi.port import Echoes
from tsumami.bridge.session.session import MACRO_NAMES, Midi, Session
from tsumami.engine.errors import DeviceError
from tsumami.engine.events import NO_EVENTS, Events, Kind

rtmidi: Any = import_module("rtmidi")

MAPPING = compile_mapping(Session(), macros=MACRO_NAMES, parameters=[])
VIRTUAL = "tsumami:tsumami"
DEADLINE_SECONDS = 10.0
KNOCK_MACRO = 7


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "nothing came before the deadline"
        time.sleep(0.002)


class Listener:
    """Inputs on JACK, with everything that they hand on."""

    def __init__(self, midi: Midi) -> None:
        self.changes: list[PortChange] = []
        self.threads: set[int] = set()
        self._blocks: list[Events] = [NO_EVENTS]
        self.inputs = MidiInputs(midi, MAPPING, self._take, self.changes.append, watch_seconds=0.02)

        self._knocks = 0

    def _take(self, events: Events) -> None:
        self.threads.add(threading.get_ident())
        is_knock = (events["kind"] == Kind.MACRO) & (events["index"] == KNOCK_MACRO)
        self._knocks += int(is_knock.sum())
        self._blocks.append(events[~is_knock])

    def knock(self, keys: Any) -> None:
        """Return when ``keys`` are heard: JACK drops what is sent in the cycle of the connection."""
        before = self._knocks

        def is_heard() -> bool:
            keys.send_message([0xB0, 20 + KNOCK_MACRO, 0])
            return self._knocks > before

        wait_for(is_heard)

    def play(self, keys: Any, *messages: list[int]) -> None:
        """Send messages that are one event each, and wait for each.

        A server that misses a cycle on a busy machine loses what was sent in it, so what is not heard
        within a second is sent again.
        """
        for message in messages:
            count, sent_at = len(self.events), time.monotonic()
            keys.send_message(message)

            def is_heard(message: list[int] = message, count: int = count) -> bool:
                nonlocal sent_at
                if len(self.events) == count and time.monotonic() - sent_at > 1.0:
                    sent_at = time.monotonic()
                    keys.send_message(message)
                return len(self.events) > count

            wait_for(is_heard)

    @property
    def events(self) -> Events:
        return np.concatenate(list(self._blocks))

    @property
    def heard(self) -> list[tuple[Kind, int, float]]:
        return [(Kind(e["kind"]), int(e["index"]), round(float(e["value"]), 3)) for e in self.events]

    def wait_for(self, count: int) -> None:
        wait_for(lambda: len(self.events) >= count)

    def wait_for_port(self, state: str, part: str) -> None:
        wait_for(lambda: any(change.state == state and part in change.name for change in self.changes))


@contextmanager
def listening(**midi: Any) -> Iterator[Listener]:
    listener = Listener(Midi(api="jack", **midi))
    with listener.inputs:
        yield listener


@contextmanager
def keyboard(name: str, to: str | None = None) -> Iterator[Any]:
    """A real MIDI output: connected to port ``to``, or free for others to connect."""
    client = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=name)
    if to is None:
        client.open_virtual_port("out")
    else:
        client.open_port(client.get_ports().index(to), "out")
    try:
        yield client
    finally:
        client.close_port()
        client.delete()


@pytest.mark.usefixtures("jack_server")
class TestOnJack:
    def test_virtual_port_plays(self) -> None:
        before = time.perf_counter_ns()
        with listening(inputs=["none of that name"]) as listener, keyboard("keys", VIRTUAL) as keys:
            assert listener.inputs.names == ("tsumami",)
            listener.knock(keys)
            listener.play(keys, [0x91, 60, 127], [0xB0, 20, 0], [0xE0, 0, 64], [0xC0, 9], [0x81, 60, 0])
        assert listener.heard == [
            (Kind.NOTE_ON, 60, 1.0),
            (Kind.MACRO, 0, 0.0),
            (Kind.PITCH_BEND, 0, 0.0),
            (Kind.PATCH, 9, 0.0),
            (Kind.NOTE_OFF, 60, 0.0),
        ]
        stamps = listener.events["stamp_ns"]
        assert listener.events["channel"].tolist() == [1, 0, 0, 0, 1]
        assert before < stamps[0]
        assert (np.diff(stamps) > 0).all()
        assert stamps[-1] < time.perf_counter_ns()

    def test_sysex_clock_and_fragments_do_no_harm(self) -> None:
        with listening(inputs=["none of that name"]) as listener, keyboard("keys", VIRTUAL) as keys:
            listener.knock(keys)
            for message in ([0xF8], [0xF0, 1, 2, 3, 0xF7], [0x90, 60], [0xFE]):
                keys.send_message(message)
            listener.play(keys, [0x90, 61, 127])
        assert listener.heard[0] == (Kind.NOTE_ON, 61, 1.0)

    def test_keyboard_plugged_in_later_plays_and_its_loss_releases_what_it_holds(self) -> None:
        with listening() as listener:
            with keyboard("later") as keys:
                listener.wait_for_port("open", "later")
                assert any("later" in name for name in listener.inputs.names)
                listener.knock(keys)
                listener.play(keys, [0x90, 60, 127], [0x93, 64, 127], [0x90, 60, 0], [0xB3, 64, 127])
            listener.wait_for_port("gone", "later")
            listener.wait_for(6)
            assert listener.heard[4:] == [(Kind.NOTE_OFF, 64, 0.0), (Kind.SUSTAIN, 0, 0.0)]
            assert listener.events["channel"][4:].tolist() == [3, 3]
            assert listener.inputs.names == ("tsumami",)
            with keyboard("later") as keys:
                wait_for(lambda: len(listener.inputs.names) == 2)
                listener.knock(keys)
                listener.play(keys, [0x90, 72, 127])
        assert len(listener.threads) == 1

    def test_close_releases_what_is_held(self) -> None:
        with keyboard("keys") as keys:
            with listening(virtual=False) as listener:
                listener.knock(keys)
                listener.play(keys, [0x90, 60, 127])
            assert listener.heard == [(Kind.NOTE_ON, 60, 1.0), (Kind.NOTE_OFF, 60, 0.0)]
            assert listener.inputs.names == ()
            listener.inputs.close()

    def test_only_the_named_inputs_are_opened(self) -> None:
        with keyboard("wanted"), keyboard("other"), listening(inputs=["WANT"], virtual=False) as listener:
            assert [change.state for change in listener.changes] == ["open"]
            (name,) = listener.inputs.names
            assert name.startswith("wanted")
            assert str(listener.changes[0]) == f"MIDI input {name!r} is open"

    def test_program_that_connects_itself_is_heard_once(self) -> None:
        with listening() as listener, keyboard("both", VIRTUAL) as keys:
            listener.wait_for_port("open", "both")
            listener.knock(keys)
            for pitch in range(40, 60):
                listener.play(keys, [0x90, pitch, 127], [0x90, pitch, 0])
            listener.play(keys, [0xB0, 20, 127])
        notes = [index for kind, index, _ in listener.heard if kind == Kind.NOTE_ON]
        assert notes == list(range(40, 60))

    def test_two_programs_may_run_side_by_side(self) -> None:
        with listening() as first, listening() as second, keyboard("keys") as keys:
            first.wait_for_port("open", "keys")
            second.wait_for_port("open", "keys")
            first.knock(keys)
            second.knock(keys)
            for listener in (first, second):
                listener.play(keys, [0x90, 60, 127])

    def test_jack_is_what_auto_chooses_without_a_sequencer(self) -> None:
        assert choose_api("jack") == "jack"
        assert choose_api("auto") in ("alsa", "jack")


@pytest.mark.parametrize("wanted", ["jack", "auto"])
def test_without_a_midi_system_there_is_one_sentence_and_no_noise(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], wanted: str
) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "a-server-that-does-not-run")
    monkeypatch.setattr("tsumami.bridge.midi.system.compiled_apis", lambda: ("jack",))
    listener = Listener(Midi(api=wanted))  # type: ignore[arg-type]
    with pytest.raises(DeviceError, match=r"^MIDI must have a system that runs, got none \(jack"):
        listener.inputs.open()
    listener.inputs.close()
    assert capfd.readouterr() == ("", "")


def test_midi_system_of_another_platform_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsumami.bridge.midi.system.compiled_apis", lambda: ("alsa", "jack"))
    with pytest.raises(DeviceError, match=r"midi.api must be auto or one of alsa, jack .*, got winmm; set"):
        choose_api("winmm")


def test_echo_is_the_same_message_from_the_other_side_soon_after() -> None:
    echoes, message = Echoes(), Message(Status.NOTE_ON, 0, 60, 100)
    assert not echoes.is_echo(message, virtual=True, stamp_ns=0)
    assert not echoes.is_echo(message, virtual=True, stamp_ns=1)
    assert echoes.is_echo(message, virtual=False, stamp_ns=2)
    assert echoes.is_echo(message, virtual=False, stamp_ns=3)
    assert not echoes.is_echo(message, virtual=False, stamp_ns=4)
    assert not echoes.is_echo(Message(Status.NOTE_ON, 0, 61, 100), virtual=True, stamp_ns=5)
    assert not echoes.is_echo(message, virtual=True, stamp_ns=90_000_000)
