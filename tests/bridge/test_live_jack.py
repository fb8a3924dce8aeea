"""`tsumami live` on a real JACK server: sound out, MIDI in, and a server that goes and comes back."""

import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import soundfile

from tests.bridge.keyboard import keyboard, send_until_heard
from tests.bridge.live_process import LiveProcess, running, running_live
from tests.jack import JackServer, running_jack_server
from tests.leftovers import assert_nothing_left
from tsumami.bridge.control_log import read_control_log
from tsumami.engine import Kind

_DEADLINE_SECONDS = 10.0


def test_midi_plays_and_a_knob_moves_the_synth(jack_server: JackServer, tmp_path: Path) -> None:
    log, take = tmp_path / "take.jsonl", tmp_path / "take.wav"
    with (
        running_live("--no-demo", "--log", str(log), "--record", str(take)) as live,
        keyboard(jack_server) as keys,
    ):
        send_until_heard(keys, live, log, [0xB0, 20, 64], '"macro":["bright"')
        send_until_heard(keys, live, log, [0x90, 48, 100], '"note_on":[48')
        before = log.read_text().count('"parameters":')
        send_until_heard(keys, live, log, [0xB0, 20, 127], '"macro":["bright",1.0]')
        live.until(lambda: log.read_text().count('"parameters":') > before, "no parameter moved")
        send_until_heard(keys, live, log, [0x80, 48, 0], '"note_off":[48')
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
            with keyboard(again) as keys:
                send_until_heard(keys, live, log, [0x90, 30, 100], '"note_on":[30')
            summary = live.end(signal.SIGINT)
    assert "JACK" in summary["device"]
    assert summary["device_losses"] == 1
    assert summary["engine_restarts"] == 0
    assert soundfile.info(take).frames == summary["blocks"] * summary["block_size"]
    assert_nothing_left()


def test_a_server_that_comes_later_brings_the_midi(tmp_path: Path) -> None:
    log = tmp_path / "take.jsonl"
    name = f"tsumami-late-{os.getpid()}"
    session = tmp_path / "session.toml"
    session.write_text("[tempo]\nsend = true\n")
    words = ("live", str(session), "--device", "null", "--no-demo", "--log", str(log), "--json")
    with running(*words, begun="MIDI output: MIDI must have", JACK_DEFAULT_SERVER=name) as live:
        live.wait_for("it is looked for", times=2)
        with running_jack_server(purpose="late") as server, keyboard(server) as keys:
            live.wait_for("MIDI input 'tsumami' is open")
            live.wait_for("MIDI output 'tsumami' is offered to other programs")
            send_until_heard(keys, live, log, [0x90, 48, 100], '"note_on":[48')
        live.wait_for("MIDI input 'tsumami' is gone")
        summary = live.end(signal.SIGINT)
    assert summary["midi_sent"] > 0, "MIDI clock"
    assert_nothing_left()


def test_a_sample_rate_that_the_device_refuses_is_named(jack_server: JackServer) -> None:
    live = LiveProcess("live", "--sample-rate", "44100", "--json")
    live.process.wait(_DEADLINE_SECONDS * 6)
    live._listener.join()
    assert live.process.returncode == 2
    assert f"such as {jack_server.sample_rate} Hz, got 44100" in live.said
    assert json.dumps(live.said).count("Traceback") == 0
    for pipe in (live.process.stdout, live.process.stderr):
        assert pipe is not None
        pipe.close()


def test_a_knob_picks_up_what_a_patch_has_moved(jack_server: JackServer, tmp_path: Path) -> None:
    log, session = tmp_path / "take.jsonl", tmp_path / "session.toml"
    session.write_text(
        '[[map]]\ncc = 30\nparameter = "cutoff"\ntakeover = "pickup"\n[[map]]\ncc = 7\ngain = true\n'
    )
    with running_live(str(session), "--no-demo", "--log", str(log)) as live, keyboard(jack_server) as keys:

        def arrives(message: list[int], words: str) -> str:
            """What the log says meanwhile."""
            begin = len(log.read_text())

            def is_heard() -> bool:
                keys.send_message(message)
                time.sleep(0.01)
                return words in log.read_text()[begin:]

            live.until(is_heard, f"{words} did not arrive")
            return log.read_text()[begin:]

        arrives([0xB0, 7, 64], '"gain"')
        for bits in (0, 1, 2):  # below every patch's cutoff
            keys.send_message([0xB0, 30, bits])
        assert "cutoff" not in arrives([0x90, 40, 100], '"note_on":[40')
        arrives([0xB0, 30, 127], '"cutoff":1.0')  # by it
        arrives([0xB0, 30, 120], '"cutoff":0.94')  # and in hand from now on
        arrives([0xC0, 1], '"cutoff":')
        keys.send_message([0xB0, 30, 127])
        assert '"cutoff":1.0' not in arrives([0x90, 41, 100], '"note_on":[41')
        live.end(signal.SIGINT)
    assert_nothing_left()
