"""A real amsynth, played by `tsumami live` under a real JACK server: its sound tells what arrived."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.amsynth import EXAMPLES, centroid_hz, recorded, rms_db, running_amsynth
from tests.bridge.live_process import LiveProcess, running_live
from tests.jack import JackServer, running_jack_server
from tests.leftovers import assert_nothing_left

rtmidi: Any = import_module("rtmidi")

_DEADLINE_SECONDS = 20.0
_QUIET_SECONDS = 0.35
"""Longer than what has rested waits until it is sent once more."""
_TURNED_SECONDS = 60.0
_SILENT_DB = -80.0
_BRIGHT, _LONG = 20, 24
_NOTE = 48


class Stage:
    """A keyboard into the session, and an ear on what it sends to the synthesizer."""

    def __init__(self, live: LiveProcess, folder: Path) -> None:
        self.live = live
        self._wav = folder / "heard.wav"
        self._keys = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="test-keys")
        self._ear = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="test-ear", queue_size_limit=10_000)
        _connect(self._keys, "tsumami:")
        _connect(self._ear, "tsumami-out:")
        self.heard: list[list[int]] = []

    def close(self) -> None:
        for client in (self._keys, self._ear):
            client.close_port()
            client.delete()

    def listen_again(self) -> None:
        """Put the ear to the output port that a new connection has made."""
        self._ear.close_port()
        _connect(self._ear, "tsumami-out:")

    def listen(self) -> int:
        """Take in what has been sent on; how many messages there are by now."""
        while (packet := self._ear.get_message()) is not None:
            self.heard.append(packet[0])
        return len(self.heard)

    def play(self, *message: int) -> None:
        """Send until it is sent on: JACK drops what falls into a missed cycle or into a connection."""
        begin, sent_at = self.listen(), -np.inf

        def is_sent_on() -> bool:
            nonlocal sent_at
            if time.monotonic() - sent_at > 1.0:
                sent_at = time.monotonic()
                self._keys.send_message(list(message))
            self.listen()
            return list(message) in self.heard[begin:]

        self.live.until(is_sent_on, f"{message} was not sent on")

    def turn(self, knob: int, position: int) -> None:
        """Move a knob, and wait until nothing more is sent for it."""
        count, since = self.listen(), time.monotonic()

        def is_quiet() -> bool:
            nonlocal count, since
            self._keys.send_message([0xB0, knob, position])  # again and again: one may be lost
            if self.listen() != count:
                count, since = len(self.heard), time.monotonic()
            return time.monotonic() - since > _QUIET_SECONDS

        self.live.until(is_quiet, "control changes did not come to rest")

    def centroid(self) -> float:
        """Of the note that is held; struck again if amsynth has missed it in a cycle that JACK missed."""
        audio, rate = recorded(self._wav, 1)
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while rms_db(audio) < _SILENT_DB:
            assert time.monotonic() < deadline, "the note is not heard"
            self.play(0x80, _NOTE, 0)
            self.play(0x90, _NOTE, 100)
            time.sleep(_QUIET_SECONDS)  # the attack
            audio, rate = recorded(self._wav, 1)
        return centroid_hz(audio, rate)

    def centroid_at(self, knob: int, position: int, holds: Callable[[float], bool]) -> float:
        """The centroid when it ``holds`` with the knob there.

        A cycle that JACK misses drops what was sent in it and clicks, so the knob is turned again until then.
        """
        heard: list[float] = []
        deadline = time.monotonic() + _TURNED_SECONDS
        while not heard or not holds(heard[-1]):
            assert time.monotonic() < deadline, f"{knob} at {position} made {heard} Hz"
            self.turn(knob, abs(position - 1))  # so that all is sent again
            self.turn(knob, position)
            heard.append(self.centroid())
        return heard[-1]

    def ringing_db(self, position: int) -> float:
        """Level in the second after a key, with "long" there."""
        self.turn(_LONG, abs(position - 1))  # so that all is sent again
        self.turn(_LONG, position)
        self.play(0x90, _NOTE, 100)
        self.play(0x80, _NOTE, 0)
        return self.level_db()

    def level_db(self) -> float:
        """Of what amsynth plays now."""
        return rms_db(recorded(self._wav, 1)[0])


def _connect(client: Any, begins: str) -> None:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not (found := [n for n, port in enumerate(client.get_ports()) if port.startswith(begins)]):
        assert time.monotonic() < deadline, client.get_ports()
        time.sleep(0.01)
    client.open_port(found[0], "test")


@contextlib.contextmanager
def _playing(folder: Path, session: str = "amsynth.toml") -> Iterator[Stage]:
    """A session of the examples, connected to the amsynth that runs."""
    with running_live(str(EXAMPLES / session), "--no-demo") as live:
        live.wait_for("MIDI output 'amsynth:midi_in' is open: notes and ")
        stage = Stage(live, folder)
        try:
            yield stage
        finally:
            stage.close()


@pytest.mark.slow
def test_amsynth_follows_the_macros_and_is_found_again(jack_server: JackServer, tmp_path: Path) -> None:
    with contextlib.ExitStack() as synth, _amsynth_first(jack_server, synth, tmp_path) as stage:
        stage.turn(_BRIGHT, 64)  # the first message only says where the knob stands
        stage.turn(_LONG, 64)
        stage.play(0x90, _NOTE, 100)
        middle = stage.centroid()
        # Two oscillators that beat, and a filter that closes: two seconds of them differ.
        middle = stage.centroid_at(_BRIGHT, 64, lambda hz: hz == pytest.approx(middle, rel=0.25))
        stage.centroid_at(_BRIGHT, 127, lambda hz: hz > 2 * middle)
        stage.centroid_at(_BRIGHT, 0, lambda hz: hz < middle / 1.5)
        stage.centroid_at(_BRIGHT, 64, lambda hz: hz == pytest.approx(middle, rel=0.25))

        deadline = time.monotonic() + _TURNED_SECONDS
        while not stage.ringing_db(127) > stage.ringing_db(0) + 20:
            assert time.monotonic() < deadline, "ten times as loud in the second after the key"

        synth.close()
        stage.live.wait_for("MIDI output 'amsynth:midi_in' is gone: waiting for it")
        with running_amsynth(jack_server, tmp_path):
            stage.live.wait_for("MIDI output 'amsynth:midi_in' is open", times=2)
            stage.listen_again()
            stage.turn(_LONG, 64)
            stage.play(0x90, _NOTE, 100)
            # It sounds as the one before did.
            stage.centroid_at(_BRIGHT, 64, lambda hz: hz == pytest.approx(middle, rel=0.25))
            summary = stage.live.end(signal.SIGTERM)
            assert summary["peak_dbfs"] < -100, "the strip itself is silent"
            assert summary["midi_sent"] > 100
            _wait_until_silent(stage)
    assert_nothing_left()


@pytest.mark.slow
def test_amsynth_plays_its_own_presets_and_the_macros_of_its_own_model(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with running_amsynth(jack_server, tmp_path), _playing(tmp_path, "amsynth_macros.toml") as stage:
        stage.turn(_BRIGHT, 64)
        stage.play(0x90, _NOTE, 100)
        middle = stage.centroid()
        stage.centroid_at(_BRIGHT, 127, lambda hz: hz > 1.25 * middle)
        stage.centroid_at(_BRIGHT, 0, lambda hz: hz < middle / 1.25)
        summary = stage.live.end(signal.SIGTERM)
        assert summary["peak_dbfs"] < -100, "the strip itself is silent"
    assert_nothing_left()


@contextlib.contextmanager
def _amsynth_first(server: JackServer, synth: contextlib.ExitStack, folder: Path) -> Iterator[Stage]:
    synth.enter_context(running_amsynth(server, folder))
    with _playing(folder) as stage:
        yield stage


def _wait_until_silent(stage: Stage) -> None:
    """The held note was let go; the reverb has to die away."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while stage.level_db() > _SILENT_DB:
        assert time.monotonic() < deadline, "a note hangs"


def test_a_synth_that_is_not_there_is_waited_for(tmp_path: Path, jack_server: JackServer) -> None:
    session = tmp_path / "session.toml"
    session.write_text('[midi]\noutput = "AMSYNTH"\n[instrument]\nkind = "external"\n')
    with running_live(str(session), "--device", "null", "--no-demo") as live:
        live.wait_for("no MIDI output 'AMSYNTH': waiting for it (there are: ")
        with running_amsynth(jack_server, tmp_path):
            live.wait_for("MIDI output 'amsynth:midi_in' is open: notes and 0 parameters go there")
        live.wait_for("is gone")
        live.end(signal.SIGINT)
    assert_nothing_left()


def test_a_jack_server_that_dies_does_no_harm_to_a_session_that_plays_elsewhere(tmp_path: Path) -> None:
    """It is waited for, and played to again."""
    with contextlib.ExitStack() as stack:
        with running_jack_server(purpose="outside") as server, running_amsynth(server, tmp_path):
            session = str(EXAMPLES / "amsynth.toml")
            live = stack.enter_context(running_live(session, "--device", "null", "--demo"))
            live.wait_for("MIDI output 'amsynth:midi_in' is open: notes and ")
            server.process.kill()
            server.process.wait()
            live.wait_for("MIDI output 'amsynth:midi_in' is gone: waiting for it")
        with running_jack_server(purpose="outside") as server, running_amsynth(server, tmp_path):
            live.wait_for("MIDI output 'amsynth:midi_in' is open: notes and ", times=2)
            live.end(signal.SIGINT)
    assert_nothing_left()
