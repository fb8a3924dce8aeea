"""`tsumami match`: from a sound file to a preset that sounds as it was said to."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from tests.amsynth import require_amsynth
from tests.command import run_tsumami, run_tsumami_json
from tests.plugins.amsynth_plugin import PLUGIN, SMALL_BANK
from tests.plugins.listening_model import SHORT, listening_model
from tsumami.bridge.cli import app
from tsumami.bridge.match import report
from tsumami.engine.errors import TsumamiError
from tsumami.plugins import positions_of, render_patch
from tsumami.plugins.match.sound import read_sound
from tsumami.plugins.offline import RenderSettings, render_preset
from tsumami.plugins.offline.floor import spectral_convergence
from tsumami.plugins.offline.pool import POOL
from tsumami.plugins.presets import read_presets, write_preset

pytestmark = pytest.mark.usefixtures("nothing_left")

NOTE = ("--hold", "0.4", "--length", "0.5")
"""What `tsumami render` must be told to play what the models of these tests are of."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound of the built-in synthesizer, a model of it and one of amsynth."""
    folder = tmp_path_factory.mktemp("match")
    patch = positions_of({"cutoff": 900.0, "resonance": 0.5, "volume": -15.0})
    write(folder / "sound.wav", patch, 60)
    listening_model(folder / "builtin.onnx", {"cutoff": 0.5, "resonance": 0.3, "volume": 0.6})
    answer = {"filter_cutoff": 0.5, "osc_mix": 0.4, "master_vol": 0.3}
    listening_model(folder / "amsynth.onnx", answer, instrument="amsynth")
    return folder


def write(path: Path, patch: Any, note: int, rate: int = 44_100) -> Path:
    times = {name: SHORT[name] for name in ("hold_seconds", "length_seconds")}
    audio = render_patch(patch, note=note, velocity=100 / 127, sample_rate=rate, **times)
    soundfile.write(path, audio.T, rate, subtype="FLOAT")
    return path


def words(folder: Path, *more: str, model: str = "builtin.onnx", sound: str = "sound.wav") -> list[str]:
    return ["match", str(folder / sound), "--model", str(folder / model), *more]


def in_process(*arguments: str) -> Any:
    """The command in this process: its result, or the error that it raises."""
    result = CliRunner().invoke(app, list(arguments))
    if isinstance(result.exception, TsumamiError):
        raise result.exception
    return result


def test_a_preset_sounds_as_it_was_rendered(folder: Path, tmp_path: Path) -> None:
    preset, wav, picture = tmp_path / "found.toml", tmp_path / "found.wav", tmp_path / "found.png"
    outputs = ("-o", str(preset), "--render", str(wav), "--plot", str(picture))
    document = run_tsumami_json(*words(folder, *outputs, "--refine", "1"))
    assert document["instrument"] == "Tsumami"
    assert (document["begun_from"], document["interrupted"]) == ("prediction", False)
    assert document["found"]["sc"] < document["predicted"]["sc"]
    assert set(document["parameters"]) == {"cutoff", "resonance", "volume"}
    assert picture.read_bytes().startswith(b"\x89PNG")
    again = tmp_path / "again.wav"
    run_tsumami_json("render", str(again), "--builtin", "--presets", str(preset), *NOTE)
    assert again.read_bytes() == wav.read_bytes()
    model_rate = tmp_path / "model.wav"
    plain = ("--rate", "22050", "--channels", "1")
    run_tsumami_json("render", str(model_rate), "--builtin", "--presets", str(preset), *NOTE, *plain)
    heard = read_sound(model_rate)
    wanted = read_sound(folder / "sound.wav", most_seconds=SHORT["length_seconds"])
    assert document["found"]["sc"] == pytest.approx(
        spectral_convergence(wanted.mel.astype(np.float64), heard.mel.astype(np.float64))
    )


def test_a_plugin_is_matched_and_its_bank_begins_the_search(folder: Path, tmp_path: Path) -> None:
    require_amsynth()
    known, sound = read_presets(SMALL_BANK)[3], tmp_path / "known.wav"
    write_preset(tmp_path / "known.bank", known)
    settings = RenderSettings(hold_seconds=SHORT["hold_seconds"], length_seconds=SHORT["length_seconds"])
    audio = render_preset(PLUGIN, tmp_path / "known.bank", settings=settings)
    POOL.close()
    soundfile.write(sound, audio, 22_050, subtype="FLOAT")
    preset, wav = tmp_path / "found.bank", tmp_path / "found.wav"
    given = ("--plugin", str(PLUGIN), "--presets", str(SMALL_BANK), "-o", str(preset), "--render", str(wav))
    done = run_tsumami(*words(folder, *given, model="amsynth.onnx", sound=str(sound)))
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"{preset}: predicted SC ")
    assert f"begun from the preset {known.name!r}, found SC 0.000 (LSD " in line
    again = tmp_path / "again.wav"
    run_tsumami_json("render", str(again), "--plugin", str(PLUGIN), "--presets", str(preset), *NOTE)
    assert again.read_bytes() == wav.read_bytes()


def test_amsynths_model_ships_and_no_other(folder: Path, tmp_path: Path) -> None:
    require_amsynth()
    sound, preset = folder / "sound.wav", tmp_path / "found.bank"
    given = ("--plugin", str(PLUGIN), "-o", str(preset), "--refine", "1")
    document = run_tsumami_json("match", str(sound), *given)
    assert len(document["parameters"]) == 32
    assert document["found"]["sc"] <= document["predicted"]["sc"]
    (found,) = read_presets(preset)
    assert found.synth == "amsynth"
    with pytest.raises(TsumamiError, match=r"--model M.onnx, got none; one ships for amsynth only"):
        in_process("match", str(sound), "--builtin", "-o", str(tmp_path / "found.toml"))


def test_an_interrupt_writes_the_best_so_far(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    steps = 0

    def show(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == 5:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(report.MatchBar, "search", show)
    preset = tmp_path / "found.toml"
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background ignores it
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    result = in_process(*words(folder, "-o", str(preset), "--refine", "3600", "--workers", "1", "--json"))
    assert result.exit_code == 130
    document = json.loads(result.stdout)
    assert document["interrupted"]
    assert document["found"]["sc"] < document["predicted"]["sc"]
    assert preset.exists()


def test_another_pitch_and_a_low_rate_are_told(folder: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "low.wav", positions_of({"volume": -12.0}), 55, rate=8_000)
    plain = in_process(*words(folder, "-o", str(tmp_path / "a.toml"), sound=str(path)))
    told = plain.stderr.splitlines()
    assert told[0] == "tsumami: sound has 8000 samples a second: nothing above 4 kHz is heard or compared"
    assert "has the pitch of note 55, G3 (196 Hz), but is matched by note 60, C4" in told[1]
    assert told[1].endswith("--note 55 plays the same note")
    chosen = ("-o", str(tmp_path / "b.toml"), "--note", "55", "--json")
    document = json.loads(in_process(*words(folder, *chosen, sound=str(path))).stdout)
    assert len(document["hints"]) == 1
    assert document["note"] == 55
    assert document["pitch_hz"] == pytest.approx(196.0, abs=1.0)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (
            ("--plugin", "a.so", "--builtin"),
            "instrument must be one of --plugin PATH and --builtin, got both",
        ),
        (("-o", "found.fxp"), "preset of Tsumami must end with .toml, got found.fxp"),
        (("-o", "none/found.toml"), "output must be in a folder that is there, got none"),
        (("-o", "there.toml"), "output must be a new file, got there.toml; give --force to write over it"),
        (("--render", "there.toml"), "output must be a new file, got there.toml"),
        (("--render", "found.mp3"), "output must end with .wav, got found.mp3"),
        (("--plot", "found.jpg"), "output must end with .png, got found.jpg"),
        (("-o", "found.png", "--plot", "found.png"), "outputs must be different files, got found.png twice"),
        (("--model", "sound.wav"), "sound.wav must be an ONNX model"),
        (("--model", "amsynth.onnx"), "given with --plugin PATH for a model of amsynth, got none"),
        (
            ("--model", "amsynth.onnx", "--builtin"),
            "model must be one for Tsumami, got 'one answer' for amsynth",
        ),
        (("--plugin", "none.so"), "plugin must be a file or bundle that is there, got none.so"),
        (("--presets", "none.zarr"), "presets must be a data set that tsumami render has written"),
        (("--note", "200"), "note must be a whole number in 0-127, got 200"),
        (("--hold", "9"), "hold_seconds must be above 0 and at most length_seconds, got 9 of 0.5"),
    ],
)
def test_wrong_options_are_one_line(
    given: tuple[str, ...], line: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("sound.wav", "builtin.onnx", "amsynth.onnx"):
        (tmp_path / name).symlink_to(folder / name)
    (tmp_path / "there.toml").write_text("mine")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    options = {"-o": "found.toml", "--model": "builtin.onnx"}
    defaults = [word for name, value in options.items() if name not in given for word in (name, value)]
    with pytest.raises(TsumamiError, match="must") as caught:
        in_process("match", "sound.wav", *defaults, *given)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "there.toml").read_text() == "mine"


def test_what_is_no_sound_is_one_line_and_status_2(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(1000), 8_000)
    done = run_tsumami(*words(folder, "-o", str(tmp_path / "a.toml"), sound=str(path)))
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("tsumami: sound must pass -60 dBFS somewhere, got silence in ")
    assert list(tmp_path.iterdir()) == [path]
