"""`tsumami live` on the null device: takes that render again bit for bit, and ends that leave nothing."""

import os
import re
import signal
from pathlib import Path

import mido
import numpy as np
import psutil
import pytest
import soundfile

from tests.bridge.live_process import running_live
from tests.command import run_tsumami, run_tsumami_json
from tests.leftovers import assert_nothing_left
from tsumami.bridge.control_log import read_control_log
from tsumami.engine import Kind

_KEYS = {
    "seconds",
    "blocks",
    "missed",
    "late_inference",
    "clipped",
    "peak_dbfs",
    "rms_dbfs",
    "device",
    "block_size",
    "sample_rate",
    "latency_ms",
}


def test_a_logged_take_renders_to_the_same_samples(tmp_path: Path) -> None:
    take, log, again = tmp_path / "take.wav", tmp_path / "take.jsonl", tmp_path / "again.wav"
    summary = run_tsumami_json(
        "live", "--device", "null", "--demo", "--seconds", "6", "--record", str(take), "--log", str(log)
    )
    assert summary.keys() >= _KEYS
    assert summary["device"] == "null"
    assert summary["peak_dbfs"] > -40
    assert summary["recording_dropped_frames"] == 0
    report = run_tsumami_json("render", "--log", str(log), str(again))
    live, rate = soundfile.read(take, dtype="float32")
    offline, _ = soundfile.read(again, dtype="float32")
    assert rate == 48000
    np.testing.assert_array_equal(offline, live)
    assert report["times_real_time"] > 1
    assert len(live) == summary["blocks"] * summary["block_size"]


def test_the_demonstration_moves_knobs_and_through_them_parameters(tmp_path: Path) -> None:
    log = tmp_path / "take.jsonl"
    with running_live("--device", "null", "--demo", "--log", str(log)) as live:
        live.until(
            lambda: '"macro":' in log.read_text() and log.read_text().count('"parameters":{') > 3, "no moves"
        )
        live.end(signal.SIGINT)
    events = read_control_log(log).events
    kinds = set(events["kind"].tolist())
    assert {Kind.NOTE_ON, Kind.MACRO, Kind.PARAMETER} <= kinds
    moved = events[events["kind"] == Kind.PARAMETER]
    assert len(np.unique(moved["index"])) >= 8, "a macro moves many parameters"
    assert ((moved["value"] >= 0) & (moved["value"] <= 1)).all()


def test_an_older_take_is_not_written_over(tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    take.write_bytes(b"the best take ever")
    run_tsumami_json("live", "--device", "null", "--seconds", "0.5", "--record", str(take))
    assert take.read_bytes() == b"the best take ever"
    assert soundfile.info(tmp_path / "take-2.wav").duration >= 0.5


def test_a_session_that_cannot_start_leaves_no_file(tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    done = run_tsumami("live", "--device", "no such device", "--record", str(take))
    assert done.returncode == 2
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_session_in_order(number: int, tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    with running_live("--device", "null", "--demo", "--record", str(take)) as live:
        summary = live.end(number)
    assert soundfile.info(take).frames == summary["blocks"] * summary["block_size"]
    assert_nothing_left()


def test_an_engine_that_is_killed_comes_back(tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    with running_live("--device", "null", "--demo", "--record", str(take)) as live:
        os.kill(live.engine_pid, signal.SIGKILL)
        live.wait_for("the engine process died (exit status -9)")
        live.wait_for("playing again")
        summary = live.end(signal.SIGINT)
    assert summary["engine_restarts"] == 1
    assert soundfile.info(take).frames == summary["blocks"] * summary["block_size"]
    assert_nothing_left()


def test_an_engine_that_hangs_is_replaced() -> None:
    with running_live("--device", "null", "--demo") as live:
        os.kill(live.engine_pid, signal.SIGSTOP)
        live.wait_for("the engine process died (exit status -9)")
        live.wait_for("playing again")
        summary = live.end(signal.SIGINT)
    assert summary["engine_restarts"] == 1
    assert_nothing_left()


def test_a_main_process_that_is_killed_leaves_neither_orphan_nor_shared_memory(tmp_path: Path) -> None:
    take = tmp_path / "take.wav"
    with running_live("--device", "null", "--demo", "--record", str(take)) as live:
        engine = live.engine_pid
        live.until(lambda: take.exists() and soundfile.info(take).frames > 4800, "nothing was recorded")
        live.process.kill()
    assert_nothing_left()
    # Where nobody reaps orphans, a dead one is still listed.
    assert not psutil.pid_exists(engine) or psutil.Process(engine).status() == psutil.STATUS_ZOMBIE
    assert soundfile.info(take).frames > 4800, "the recording is whole up to then"


def test_a_midi_file_renders_with_its_knobs(tmp_path: Path) -> None:
    for name, knob in (("still", 64), ("turned", 127)):
        file = mido.MidiFile(ticks_per_beat=480)
        file.tracks.append(
            mido.MidiTrack(
                [
                    mido.Message("control_change", control=20, value=64),
                    mido.Message("note_on", note=48, velocity=100),
                    mido.Message("control_change", control=20, value=knob, time=240),
                    mido.Message("note_off", note=48, time=960),
                ]
            )
        )
        file.save(tmp_path / f"{name}.mid")
        run_tsumami_json("render", "--midi", str(tmp_path / f"{name}.mid"), str(tmp_path / f"{name}.wav"))
    still, rate = soundfile.read(tmp_path / "still.wav", dtype="float32")
    turned, _ = soundfile.read(tmp_path / "turned.wav", dtype="float32")
    before = int(0.24 * rate)
    np.testing.assert_array_equal(still[:before], turned[:before])
    assert np.abs(still - turned)[before : 2 * before].max() > 0.01


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["live", "--device", "no such device"], "device must be one of|no audio output device was found"),
        (["live", "--block-size", "7"], "--block-size must be a whole number of at least 16, got 7"),
        (["live", "--sample-rate", "1"], "--sample-rate must be .*8000.*, got 1"),
        (["live", "--provider", "gpu"], "--provider must be one of auto, cpu, cuda, got 'gpu'"),
        (["live", "--patch", "Rubber Bas"], "Rubber Bass"),
        (["live", "missing.toml"], "missing.toml"),
        (
            ["live", "--device", "null", "--record", "/no/such/folder/a.wav"],
            "recording '/no/such/folder/a.wav'",
        ),
        (["live", "--device", "null", "--log", "/no/such/folder/a.log"], "log must be a file"),
        (["render", "out.wav"], "input must be one of --midi FILE.mid and --log FILE"),
        (["render", "--log", "missing.jsonl", "out.wav"], "missing.jsonl"),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments: list[str], words: str) -> None:
    done = run_tsumami(*arguments)
    assert done.returncode == 2, done.stderr
    assert re.search(words, done.stderr)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("tsumami: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert_nothing_left()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('[device]\nblock_size = "big"\n', r"session\.toml:2"),
        ("[device]\nvolume = 3\n", r"session\.toml:2"),
        ("[device\n", r"session\.toml:1"),
        ('[instrument]\npatch = "Nobody"\n', r"session\.toml:2.*'Nobody'"),
        ('[macros]\nmodel = "session.toml"\n', "session.toml.* must be an ONNX"),
        ('[macros]\nmodel = "missing.onnx"\n', "missing.onnx"),
    ],
)
def test_a_bad_session_is_refused_with_its_line(table: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "session.toml"
    path.write_text(table)
    done = run_tsumami("live", str(path), "--device", "null")
    assert done.returncode == 2, done.stderr
    assert re.search(words, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
