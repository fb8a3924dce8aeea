"""Every example runs as its docstring says, and does what it says."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.amsynth import require_amsynth
from tests.bridge.live_process import running_live
from tests.command import run_tsumami_json
from tsumami.bridge.session.session import load_session
from tsumami.plugins import load_bank

EXAMPLES = Path(__file__).parent.parent / "examples"
RUN_HERE = {
    "amsynth.bank",
    "amsynth.controllers",
    "amsynth.toml",
    "amsynth_macros.toml",
    "live.toml",
    "osc_sweep.py",
    "picture_of_a_take.py",
    "play_amsynth.py",
    "play_strip.py",
    "plugin.toml",
    "render_a_bank.py",
    "render_patches.py",
    "tempo.toml",
    "turn_knob.py",
}


def run(name: str, *args: str, folder: Path) -> str:
    """Standard output of an example."""
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name, *args],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_run() -> None:
    assert {path.name for path in EXAMPLES.iterdir() if not path.name.startswith("_")} == RUN_HERE


@pytest.mark.usefixtures("nothing_left")
def test_a_session_keeps_to_its_tempo() -> None:
    summary = run_tsumami_json("live", str(EXAMPLES / "tempo.toml"), "--device", "null", "--seconds", "1")
    assert summary["tempo"] == {"bpm": 100.0, "source": "own"}


@pytest.mark.usefixtures("nothing_left")
def test_live_session_plays() -> None:
    summary = run_tsumami_json("live", str(EXAMPLES / "live.toml"), "--device", "null", "--seconds", "1")
    assert summary["seconds"] >= 1


def test_strip_plays_a_chord_that_dies_away(tmp_path: Path) -> None:
    run("play_strip.py", "chord.wav", folder=tmp_path)
    audio, sample_rate = soundfile.read(tmp_path / "chord.wav", always_2d=True)
    assert audio.shape == (4 * sample_rate, 2)
    loud = np.abs(audio).max()
    assert 0.05 < loud < 1
    assert np.abs(audio[-sample_rate // 100 :]).max() < 0.1 * loud  # -20 dB, two seconds after the keys


def test_patches_of_a_category_become_files(tmp_path: Path) -> None:
    run("render_patches.py", "sounds", "bass", folder=tmp_path)
    wanted = {f"{patch.name}.wav" for patch in load_bank() if patch.category == "bass"}
    assert {path.name for path in (tmp_path / "sounds").iterdir()} == wanted
    for name in wanted:
        audio, _ = soundfile.read(tmp_path / "sounds" / name)
        assert np.abs(audio).max() > 0.01


def test_bank_becomes_a_data_set(tmp_path: Path) -> None:
    first, *loudest = run("render_a_bank.py", "sounds.zarr", folder=tmp_path).splitlines()
    assert first == f"{len(load_bank())} patches, 0 silent, 0 clipped"
    assert [line.partition(" ")[2] in {patch.name for patch in load_bank()} for line in loudest] == [True] * 3


def test_knob_moves_parameters_and_comes_back(tmp_path: Path) -> None:
    *moved, back = run("turn_knob.py", "bright", folder=tmp_path).splitlines()
    assert abs(float(moved[0].split()[-1])) > 0.01
    assert " exactly " in back


@pytest.mark.usefixtures("nothing_left")
def test_a_take_becomes_a_picture_and_a_smaller_file(tmp_path: Path) -> None:
    run("picture_of_a_take.py", "pictures", "--seconds", "2", folder=tmp_path)
    assert (tmp_path / "pictures" / "demo.png").read_bytes().startswith(b"\x89PNG")
    assert soundfile.info(tmp_path / "pictures" / "demo.ogg").duration >= 2


@pytest.mark.slow
@pytest.mark.usefixtures("jack_server", "nothing_left")
def test_knob_turns_a_synthesizer_outside(tmp_path: Path) -> None:
    require_amsynth()
    for attempt in range(3):
        lines = run("play_amsynth.py", "bright", folder=tmp_path).splitlines()
        heard_hz = {line.split(":")[0]: float(line.split()[2]) for line in lines}
        places = [heard_hz[f"bright {place}"] for place in ("0.00", "0.50", "1.00")]
        # A cycle that JACK misses clicks, and is heard as bright: then it is played again.
        assert attempt < 2 or places == sorted(places)
        if places == sorted(places):
            break


def test_controllers_of_the_synthesizer_are_those_that_are_sent() -> None:
    controllers = (EXAMPLES / "amsynth.controllers").read_text().split()
    assert len(controllers) == 128
    named = {name: cc for cc, name in enumerate(controllers) if name != "null"}
    of_presets = load_session(EXAMPLES / "amsynth_macros.toml").sends
    assert all(named[send.parameter] == send.cc for send in of_presets)
    of_patches = load_session(EXAMPLES / "amsynth.toml").sends
    assert {send.cc for send in (*of_presets, *of_patches)} == set(named.values())


def test_unknown_macro_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="macro must be one of bright"):
        run("turn_knob.py", "loudness", folder=tmp_path)


def test_a_macro_is_swept_by_osc(tmp_path: Path) -> None:
    with running_live("--device", "null", "--no-demo", "--osc-port", "0") as live:
        live.wait_for("OSC on 127.0.0.1:")
        port = live.said.split("OSC on 127.0.0.1:")[1].split()[0]
        said = run("osc_sweep.py", "--port", port, "--seconds", "2", folder=tmp_path)
        live.end(signal.SIGINT)
    assert re.match(r"\d+ addresses, such as /tsumami/", said)
    assert re.search(r"^cutoff +0\.\d+ to 0\.\d+$", said, re.MULTILINE)
