"""`tsumami groove --live` on a real JACK server: what a player plays is told as it was played."""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bridge.keyboard import keyboard
from tests.bridge.live_process import LiveProcess, running
from tests.command import run_tsumami, tsumami_command, tsumami_environment
from tests.drum_sounds import play, rock
from tests.jack import JackServer, running_jack_server
from tests.leftovers import assert_nothing_left

_RATE = 48_000
_BLOCK = 512
"""Large, so that a busy machine loses none."""
_BLOCK_MS = 1000.0 * _BLOCK / _RATE
_BPM = 150.0
_LATE_MS = 20.0
_END_SECONDS = 30.0
_BEGUN = "from click to hit"


def port(server: JackServer, live: LiveProcess, name: str) -> str:
    """The full name of a port of the session."""

    def found() -> str:
        return next((each for each in server.ports() if each.endswith(f":{name}")), "")

    live.until(lambda: bool(found()), f"no port {name}")
    return found()


def play_into(server: JackServer, live: LiveProcess, sound: Any, meanwhile: Callable[[int], None]) -> None:
    """Play a sound to the input, and call ``meanwhile`` with the clock at which it began."""
    # Here, for it needs JACK's library.
    from tests.jack_player import JackPlayer

    player = JackPlayer(sound)
    try:
        player.connect(port(server, live, "in_0"))
        player.play()
        live.until(lambda: player.began_ns > 0, "the player did not begin")
        meanwhile(player.began_ns)
        live.until(lambda: player.has_ended, "the player did not end")
    finally:
        player.close()


def test_a_late_snare_is_told_as_late(tmp_path: Path) -> None:
    hits = rock(4, _BPM)
    backbeats = {beat for beat, lane, _ in hits if lane == "snare"}
    late = [(beat + _LATE_MS / 1000.0 * (beat in backbeats), lane, gain) for beat, lane, gain in hits]
    sound = play(late, _RATE)
    page = tmp_path / "page.png"
    with (
        running_jack_server(block_size=_BLOCK, purpose="groove") as server,
        running(
            "groove", "--live", "--bpm", str(_BPM), "--block-size", str(_BLOCK),
            "--plot", str(page), "--json", begun=_BEGUN, XDG_CONFIG_HOME=str(tmp_path),
        ) as live,
    ):  # fmt: skip
        play_into(server, live, sound, lambda _: None)
        document = live.end(2)
    lanes = document["summary"]["lanes"]
    apart = lanes["snare"]["bias_ms"] - lanes["kick"]["bias_ms"]
    assert apart == pytest.approx(_LATE_MS, abs=1.0), "the detector's own error between two lanes"
    assert lanes["snare"]["hits"] == lanes["kick"]["hits"] == 8
    assert document["grid"]["source"] == "bpm"
    assert document["summary"]["bias_ms"] is None, "a tempo tells no phase"
    session = document["session"]
    assert "JACK" in session["input"]
    assert not session["is_calibrated"]
    assert session["round_trip_ms"] > session["input_ms"] > 0.0
    assert page.read_bytes().startswith(b"\x89PNG")
    assert_nothing_left()


def send_clock(output: Any, first_ns: int, beats: int) -> None:
    """Start a clock whose first pulse falls at a time, and stop it after some beats."""
    output.send_message([0xFA])
    for pulse in range(24 * beats):
        while time.perf_counter_ns() < first_ns + pulse * 60e9 / _BPM / 24:
            time.sleep(0.0005)
        output.send_message([0xF8])
    output.send_message([0xFC])


def test_hits_are_held_against_midi_clock(tmp_path: Path) -> None:
    begin, bars = 0.5, 4
    sound = play(rock(bars, _BPM, begin), _RATE)
    with (
        running_jack_server(block_size=_BLOCK, purpose="groove") as server,
        running(
            "groove", "--live", "--clock", "midi", "--block-size", str(_BLOCK), "--json",
            begun=_BEGUN, XDG_CONFIG_HOME=str(tmp_path),
        ) as live,
        keyboard(server) as sequencer,
    ):  # fmt: skip
        play_into(
            server,
            live,
            sound,
            lambda began_ns: send_clock(sequencer, began_ns + round(begin * 1e9), 4 * bars),
        )
        document = live.end(2)
    grid, summary, session = document["grid"], document["summary"], document["session"]
    assert grid["source"] == "midi clock"
    assert grid["knows_time"]
    assert grid["first_beat_in_bar"] == 0
    assert document["bpm"] == pytest.approx(_BPM, rel=0.002)
    assert summary["hits"] >= 0.9 * 12 * bars
    # A client's sound is heard in the block in which it is played, and has no converter to pass; a message
    # comes in the block after the one in which it was sent.
    assert -1.5 * _BLOCK_MS < summary["bias_ms"] + session["input_ms"] < 0.5 * _BLOCK_MS
    assert summary["spread_ms"] < 0.5 * _BLOCK_MS
    assert session["grid"].startswith("MIDI clock of tsumami")
    assert_nothing_left()


@pytest.mark.slow
def test_a_cable_calibrates_and_a_click_is_then_on_its_beat(tmp_path: Path) -> None:
    with running_jack_server(block_size=_BLOCK, purpose="groove") as server:

        def patched(*args: str) -> str:
            words = ("groove", "--block-size", str(_BLOCK), *args)
            with running(*words, begun="hearing system", XDG_CONFIG_HOME=str(tmp_path)) as live:
                ends = (port(server, live, "out_0"), port(server, live, "in_0"))
                subprocess.run(["jack_connect", "-s", server.name, *ends], check=True, timeout=10)
                return live.printed()

        words = patched("--calibrate")
        assert "from click to hit on system (JACK" in words
        assert str(tmp_path) in words
        measured_ms = float(words.split(" ms")[0])
        blocks = measured_ms / _BLOCK_MS
        assert blocks == pytest.approx(round(blocks), abs=0.01), "a cable in the machine delays whole blocks"
        document = json.loads(patched("--live", "--click", "--bpm", "150", "--seconds", "5", "--json"))
    assert document["session"]["is_calibrated"]
    assert document["session"]["round_trip_ms"] == pytest.approx(measured_ms, abs=0.01)
    assert document["grid"]["source"] == "click"
    assert document["summary"]["bias_ms"] == pytest.approx(0.0, abs=1.0), "of a sound that is no drum's"
    assert document["summary"]["spread_ms"] < 0.5
    assert_nothing_left()


def test_silence_in_a_terminal_is_shown_and_is_no_groove(tmp_path: Path) -> None:
    import pty  # not there on Windows

    words = ("groove", "--live", "--bpm", "120", "--click", "--seconds", "2.5", "--block-size", str(_BLOCK))
    with running_jack_server(block_size=_BLOCK, purpose="groove"):
        ours, theirs = pty.openpty()
        environment = tsumami_environment(XDG_CONFIG_HOME=str(tmp_path), TERM="xterm")
        process = subprocess.Popen(tsumami_command(*words), env=environment, stderr=theirs)
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while more := os.read(ours, 4096):
                said += more
        os.close(ours)
        assert process.wait(_END_SECONDS) == 2
    text = said.decode()
    assert "input silent" in text
    assert "0:02." in text, "it was drawn again"
    assert "input must have hits of drums, got none in" in text
    assert "Traceback" not in text
    assert_nothing_left()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "sound must be a recording, got none; or hear an input with --live"),
        (["a.wav", "--live"], "sound must be none with --live, got a.wav"),
        (["a.wav", "--clock", "midi"], "--clock must stand with --live, got a recording"),
        (["a.wav", "--input", "mic"], "--input must stand with --live, got a recording"),
        (["--live", "--click"], "--bpm must be given with --click, got none"),
        (
            ["--live", "--clock", "link", "--reference", "a.mid"],
            "grid must come from one source, got",
        ),
        (["--live", "--device", "null"], "--device must be one with an input, got null"),
        (["--live", "--sample-rate", "8000"], "--sample-rate must be in 32000-192000 Hz, got 8000"),
        (["--live", "--block-size", "1"], "--block-size must be a whole number of at least 16, got 1"),
        (["--live", "--bpm", "9"], "bpm must be in 30-300, got 9"),
    ],
)
def test_what_does_not_go_together_is_one_line(words: list[str], message: str) -> None:
    done = run_tsumami("groove", *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
