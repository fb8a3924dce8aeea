"""`tsumami live` on a real JACK server: sound out, MIDI in, and a server that goes and comes back."""

import contextlib
import json
import signal
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.bridge.live_process import LiveProcess, running_live
from tests.jack import JackServer, running_jack_server
from tests.leftovers import assert_nothing_left
from tsumami.bridge.control_log import read_control_log
from tsumami.bridge.midi import choose_api
from tsumami.engine import Kind

_DEADLINE_SECONDS = 10.0


@contextlib.contextmanager
def _keyboard(server: JackServer) -> Iterator[Any]:
    """A MIDI output connected to the session's virtual port."""
    rtmidi = import_module("rtmidi")
    choose_api("jack")
    keys = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="test-keys")
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not (found := [n for n, port in enumerate(keys.get_ports()) if port.startswith("tsumami:")]):
        assert time.monotonic() < deadline, server.ports()
        time.sleep(0.01)
    keys.open_port(found[0], "out")
    try:
        yield keys
    finally:
        keys.close_port()
        keys.delete()


def _send_until_heard(keys: Any, live: LiveProcess, log: Path, message: list[int], words: str) -> None:
    """JACK drops what is sent in the cycle of a connection or of an xrun, so send until the log has it."""

    def is_heard() -> bool:
        keys.send_message(message)
        time.sleep(0.01)
        return words in log.read_text()

    live.until(is_heard, f"{words} did not arrive")


def test_midi_plays_and_a_knob_moves_the_synth(jack_server: JackServer, tmp_path: Path) -> None:
    log, take = tmp_path / "take.jsonl", tmp_path / "take.wav"
    with (
        running_live("--no-demo", "--log", str(log), "--record", str(take)) as live,
        _keyboard(jack_server) as keys,
    ):
        _send_until_heard(keys, live, log, [0xB0, 20, 64], '"macro":["bright"')
        _send_until_heard(keys, live, log, [0x90, 48, 100], '"note_on":[48')
        before = log.read_text().count('"parameters":')
        _send_until_heard(keys, live, log, [0xB0, 20, 127], '"macro":["bright",1.0]')
        live.until(lambda: log.read_text().count('"parameters":') > before, "no parameter moved")
        _send_until_heard(keys, live, log, [0x80, 48, 0], '"note_off":[48')
        summary = live.end(signal.SIGINT)
    assert "JACK" in summary["device"]
    assert summary["peak_dbfs"] > -60
    assert summary["note_latency_ms"]["p50"] > 0
    assert summary["knob_set_latency_ms"]["p50"] > 0
    recorded, rate = soundfile.read(take, dtype="float32")
    note = next(item for item in read_control_log(log).events if item["kind"] == Kind.NOTE_ON)
    assert not recorded[: note["time"]].any(), "silence before the note"
    assert np.abs(recorded[note["time"] : note["time"] + rate // 4]).max() > 1e-3
    assert_nothing_left()


def test_a_server_that_dies_is_told_and_taken_again_when_it_is_back(tmp_path: Path) -> None:
    take, log = tmp_path / "take.wav", tmp_path / "take.jsonl"
    with (
        running_jack_server(purpose="loss") as server,
        running_live("--demo", "--record", str(take), "--log", str(log)) as live,
    ):
        live.wait_for("JACK")
        live.until(lambda: soundfile.info(take).frames > 48_000, "nothing was recorded")
        server.process.kill()
        server.process.wait()
        live.wait_for("is gone")
        live.wait_for("playing again")
        with running_jack_server(purpose="loss") as again:
            live.wait_for("playing again", times=2)
            with _keyboard(again) as keys:
                _send_until_heard(keys, live, log, [0x90, 30, 100], '"note_on":[30')
            summary = live.end(signal.SIGINT)
    assert "JACK" in summary["device"]
    assert summary["device_losses"] == 1
    assert summary["engine_restarts"] == 0
    assert soundfile.info(take).frames == summary["blocks"] * summary["block_size"]
    assert_nothing_left()


def test_a_sample_rate_that_the_device_refuses_is_named(jack_server: JackServer) -> None:
    live = LiveProcess("--sample-rate", "44100")
    live.process.wait(_DEADLINE_SECONDS * 6)
    live._listener.join()
    assert live.process.returncode == 2
    assert f"such as {jack_server.sample_rate} Hz, got 44100" in live.said
    assert json.dumps(live.said).count("Traceback") == 0
    for pipe in (live.process.stdout, live.process.stderr):
        assert pipe is not None
        pipe.close()
