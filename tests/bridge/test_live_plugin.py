"""`tsumami live` with a VST3 plugin that crashes, hangs, blows up or is late, on a real JACK server."""

import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pytest
import soundfile

from tests.bridge.keyboard import keyboard, send_until_heard
from tests.bridge.live_process import LiveProcess, running_live
from tests.bridge.plugin_presets import save_preset
from tests.command import run_tsumami, run_tsumami_json
from tests.jack import JackServer
from tests.leftovers import assert_nothing_left
from tsumami.bridge.control_log import read_control_log
from tsumami.engine import Kind

_FAULTS = ("Crash", "Hang", "NaN", "Blow Up")
_FAULT_CC = 102
_SLOW_CC = 103
_BLOCK = 128
_FADE = 480


@dataclass(frozen=True)
class Take:
    """What a session with a fault left: its recording, the samples of its events, its summary."""

    sound: npt.NDArray[np.float32]
    events: npt.NDArray[np.void]
    summary: dict[str, Any]

    def times(self, kind: Kind) -> list[int]:
        """Samples at which events of a kind applied."""
        return [int(item["time"]) for item in self.events if item["kind"] == kind]


def _session(tmp_path: Path, plugin: Path, fault: str) -> Path:
    path = tmp_path / "session.toml"
    path.write_text(
        f'[instrument]\nkind = "plugin"\npath = "{plugin}"\n'
        f'[[map]]\ncc = {_FAULT_CC}\nparameter = "{fault}"\n'
        f'[[map]]\ncc = {_SLOW_CC}\nparameter = "Slow"\n'
    )
    return path


def _take(log: Path, recording: Path, summary: dict[str, Any]) -> Take:
    sound, _ = soundfile.read(recording, dtype="float32")
    return Take(np.asarray(sound, np.float32), read_control_log(log).events, summary)


def _has_sound(live: LiveProcess, recording: Path) -> None:
    """Wait until the recording ends with something that sounds."""

    def sounds() -> bool:
        frames = soundfile.info(recording).frames
        last, _ = soundfile.read(recording, start=max(0, frames - 2048), dtype="float32")
        return bool(np.abs(last).max(initial=0.0) > 0.01)

    live.until(sounds, "nothing sounds")


@pytest.mark.parametrize("fault", _FAULTS)
def test_a_fault_costs_a_moment_and_the_plugin_comes_back(
    fault: str, jack_server: JackServer, instrument_plugin: Path, tmp_path: Path
) -> None:
    log, recording = tmp_path / "take.jsonl", tmp_path / "take.wav"
    session = _session(tmp_path, instrument_plugin, fault)
    with (
        running_live(str(session), "--no-demo", "--log", str(log), "--record", str(recording)) as live,
        keyboard(jack_server) as keys,
    ):
        send_until_heard(keys, live, log, [0x90, 60, 100], '"note_on":[60')
        _has_sound(live, recording)
        send_until_heard(keys, live, log, [0xB0, _FAULT_CC, 127], f'"{fault}":1.0')
        live.wait_for("starting it again")
        live.wait_for("plays again after")
        send_until_heard(keys, live, log, [0x90, 72, 100], '"note_on":[72')
        _has_sound(live, recording)
        take = _take(log, recording, live.end(signal.SIGINT))
    assert_nothing_left()
    assert take.summary["engine_restarts"] == 0
    assert take.summary["non_finite"] == 0
    (plugin,) = take.summary["plugins"]
    assert plugin["plugin"] == "TsumamiFixture"
    assert plugin["restarts"] == 1
    assert plugin["off"] == ""
    assert plugin["refused"] == (fault in ("NaN", "Blow Up"))
    assert np.isfinite(take.sound).all()
    fault_at = take.times(Kind.PARAMETER)[0]
    again_at = next(time for time in take.times(Kind.NOTE_ON) if time > fault_at + _BLOCK)
    # One block on the way to the plugin, two that are replaced, and the fade.
    silent = take.sound[fault_at + 3 * _BLOCK + _FADE : again_at]
    assert len(silent) > 0
    assert not silent.any(), "held notes ended with the plugin"
    steps = np.abs(np.diff(take.sound[: fault_at + 4 * _BLOCK + _FADE], axis=0))
    around = steps[fault_at - _BLOCK :]
    assert around.max() <= 1.5 * steps[: fault_at - _BLOCK].max() + 1 / _FADE, "no click"


def test_a_plugin_that_is_late_is_counted_and_comes_back_in_time(
    jack_server: JackServer, instrument_plugin: Path, tmp_path: Path
) -> None:
    log, recording = tmp_path / "take.jsonl", tmp_path / "take.wav"
    session = _session(tmp_path, instrument_plugin, "Click")
    with (
        running_live(str(session), "--no-demo", "--log", str(log), "--record", str(recording)) as live,
        keyboard(jack_server) as keys,
    ):
        send_until_heard(keys, live, log, [0xB0, _FAULT_CC, 127], '"Click":1.0')
        send_until_heard(keys, live, log, [0x90, 60, 127], '"note_on":[60')
        send_until_heard(keys, live, log, [0xB0, _SLOW_CC, 127], '"Slow":1.0')  # 20 ms a block of 2.7 ms
        before = soundfile.info(recording).frames
        live.until(lambda: soundfile.info(recording).frames > before + 48_000, "no recording")
        send_until_heard(keys, live, log, [0xB0, _SLOW_CC, 0], '"Slow":0.0')
        before = soundfile.info(recording).frames
        live.until(lambda: soundfile.info(recording).frames > before + 12_000, "no recording")
        send_until_heard(keys, live, log, [0x90, 61, 127], '"note_on":[61')
        before = soundfile.info(recording).frames
        live.until(lambda: soundfile.info(recording).frames > before + 12_000, "no recording")
        take = _take(log, recording, live.end(signal.SIGINT))
    (plugin,) = take.summary["plugins"]
    assert plugin["late"] > 20
    assert plugin["restarts"] == 0
    assert take.summary["overruns"] < plugin["late"], "the audio thread did not wait for it"
    last = max(time for time in take.times(Kind.NOTE_ON))
    impulses = np.flatnonzero(np.abs(take.sound[last:, 0]) > 0.5)
    assert impulses[0] == _BLOCK + 37, "as late as ever: the block and the plugin's own latency"


def test_three_crashes_in_a_minute_keep_it_off(
    jack_server: JackServer, instrument_plugin: Path, tmp_path: Path
) -> None:
    log = tmp_path / "take.jsonl"
    session = _session(tmp_path, instrument_plugin, "Crash")
    with (
        running_live(str(session), "--no-demo", "--log", str(log)) as live,
        keyboard(jack_server) as keys,
    ):
        for crash in (1, 2):
            send_until_heard(keys, live, log, [0xB0, _FAULT_CC, 127], '"Crash":1.0')
            live.wait_for("plays again after", times=crash)
            log.write_text(log.read_text().replace('"Crash":1.0', '"Crash":1'))  # told apart from the next
        keys.send_message([0xB0, _FAULT_CC, 127])
        live.until(lambda: "stays off" in live.said or keys.send_message([0xB0, _FAULT_CC, 127]), "not off")
        summary = live.end(signal.SIGINT)
    (plugin,) = summary["plugins"]
    assert plugin["off"] == "it crashed (signal 11), 3 times within 60 s now"
    assert summary["blocks"] > 0
    assert_nothing_left()


def test_killing_the_session_leaves_no_plugin_behind(instrument_plugin: Path) -> None:
    with running_live("--device", "null", "--no-demo", "--plugin", str(instrument_plugin)) as live:
        children = psutil.Process(live.process.pid).children(recursive=True)
        os.kill(live.process.pid, signal.SIGKILL)
        live.process.wait()
        psutil.wait_procs(children, timeout=10)
    assert_nothing_left()


def test_effects_stand_in_the_order_of_the_session(effect_plugin: Path, tmp_path: Path) -> None:
    session = tmp_path / "session.toml"
    session.write_text(
        f'[device]\nname = "null"\n[[effects]]\npath = "{effect_plugin}"\nname = "first"\n'
        f'[[effects]]\npath = "{effect_plugin}"\nname = "second"\nbypass = true\n'
        '[[map]]\ncc = 20\neffect = "second"\nbypass = true\n'
        '[[map]]\ncc = 21\neffect = "first"\nparameter = "Gain"\n'
    )
    summary = run_tsumami_json("live", str(session), "--demo", "--seconds", "2")
    assert [counts["plugin"] for counts in summary["plugins"]] == ["TsumamiFixtureEffect"] * 2
    assert summary["latency_ms"] == pytest.approx((3 * 128 + 2 * 64) / 48, abs=0.01)
    assert summary["peak_dbfs"] > -60
    assert_nothing_left()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[map]]\ncc = 20\nparameter = "Level"\n', r"session.toml:6: map\[0\].parameter must be unambig"),
        ('[[send]]\ncc = 20\nparameter = "Level"\n', r"session.toml:6: send\[0\].parameter must be unambig"),
        ('[[map]]\ncc = 20\nparameter = "Cutof"\n', "did you mean 'Cutoff'"),
        ('[[map]]\ncc = 20\nmacro = "bright"\n', "map\\[0\\].macro must be left out"),
        ('[[map]]\ncc = 20\neffect = "hall"\nbypass = true\n', "map\\[0\\].effect must be left out"),
    ],
)
def test_what_a_plugin_does_not_have_is_named_with_its_line(
    text: str, message: str, instrument_plugin: Path, tmp_path: Path
) -> None:
    session = tmp_path / "session.toml"
    session.write_text(f'[instrument]\nkind = "plugin"\npath = "{instrument_plugin}"\n{text}')
    done = run_tsumami("live", str(session), "--device", "null")
    assert done.returncode == 2
    last = done.stderr.strip().splitlines()[-1]
    assert re.search(message, last), done.stderr
    assert "Traceback" not in done.stderr
    assert_nothing_left()


def test_a_program_change_loads_a_preset_while_the_rest_plays_on(
    jack_server: JackServer, instrument_plugin: Path, effect_plugin: Path, tmp_path: Path
) -> None:
    presets = tmp_path / "presets"
    presets.mkdir()
    save_preset(presets / "1 loud.vstpreset", instrument_plugin, {"Level #2": 1.0})
    save_preset(presets / "2 soft.vstpreset", instrument_plugin, {"Level #2": 0.2, "Mono": 1.0})
    log, recording = tmp_path / "take.jsonl", tmp_path / "take.wav"
    session = _session(tmp_path, instrument_plugin, "Click")
    text = session.read_text().replace("[[map]]", 'bank = "presets"\n[[map]]', 1)
    session.write_text(f'{text}[[effects]]\npath = "{effect_plugin}"\n')
    with (
        running_live(str(session), "--no-demo", "--log", str(log), "--record", str(recording)) as live,
        keyboard(jack_server) as keys,
    ):
        send_until_heard(keys, live, log, [0x90, 60, 127], '"note_on":[60')
        _has_sound(live, recording)
        send_until_heard(keys, live, log, [0xC0, 1], '"patch":1')
        before = soundfile.info(recording).frames
        live.until(lambda: soundfile.info(recording).frames > before + 24_000, "no recording")
        send_until_heard(keys, live, log, [0x90, 64, 127], '"note_on":[64')
        before = soundfile.info(recording).frames
        live.until(lambda: soundfile.info(recording).frames > before + 24_000, "no recording")
        take = _take(log, recording, live.end(signal.SIGINT))
    instrument, effect = take.summary["plugins"]
    assert instrument["restarts"] == effect["restarts"] == 0
    change, last = take.times(Kind.PATCH)[-1], take.times(Kind.NOTE_ON)[-1]
    loud = np.abs(take.sound[change - 9600 : change]).max()
    soft = np.abs(take.sound[last + 4800 : last + 14_400]).max()
    assert loud > 0.5
    assert soft == pytest.approx(0.2, rel=0.02)  # one voice, at the level of the preset
