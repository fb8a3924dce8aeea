"""`tsumami render` of presets: data sets that are whole, the same every time, and gone on with."""

import filecmp
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import zarr

from tests.amsynth import require_amsynth
from tests.command import run_tsumami, run_tsumami_json, tsumami_command, tsumami_environment
from tests.plugins.amsynth_plugin import BANK, PLUGIN, SMALL_BANK
from tsumami.plugins.offline import Flag
from tsumami.plugins.presets import read_presets

pytestmark = pytest.mark.usefixtures("nothing_left")

DEADLINE_SECONDS = 60.0
_BEING_WRITTEN = frozenset({".part", ".partial"})
"""Endings of files that are not whole yet: of ours and of Zarr's."""
SHORT = ("--hold", "0.4", "--length", "0.5")


@pytest.fixture(autouse=True)
def amsynth() -> None:
    require_amsynth()


def words(out: Path | str, *more: str, bank: Path = BANK) -> list[str]:
    return ["render", "--plugin", str(PLUGIN), "--presets", str(bank), "--out", str(out), *SHORT, *more]


def assert_same_files(left: Path, right: Path) -> None:
    """Both folders have the same files, byte for byte."""
    names = [sorted(path.relative_to(root) for path in root.rglob("*")) for root in (left, right)]
    assert names[0] == names[1]
    files = [str(name) for name in names[0] if (left / name).is_file()]
    assert filecmp.cmpfiles(left, right, files, shallow=False)[1:] == ([], [])


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bank, rendered by one worker without a stop."""
    require_amsynth()
    out = tmp_path_factory.mktemp("reference") / "set.zarr"
    done = run_tsumami(*words(out, "--workers", "1"))
    assert done.returncode == 0, done.stderr
    return out


def test_layout_is_as_documented(reference: Path) -> None:
    group: Any = zarr.open_group(reference, mode="r")
    presets = read_presets(BANK)
    shapes = {name: array.shape for name, array in group.arrays()}
    by_patch = dict.fromkeys(
        ("peak", "audio_hash", "flags", "same_as", "note", "velocity", "name", "category", "tags"), (128,)
    )
    by_patch |= dict.fromkeys(("source", "format", "raw"), (128,))
    assert shapes == {
        **by_patch,
        "audio": (128, 11_025),
        "parameters": (128, 41),
        "parameter_name": (41,),
    }
    assert group["name"][:].tolist() == [preset.name for preset in presets]
    assert group["parameter_name"][:].tolist() == list(presets[0].positions)
    positions = [list(preset.positions.values()) for preset in presets]
    # The plugin keeps its parameters in raw units and in single precision.
    np.testing.assert_allclose(group["parameters"][:], positions, atol=1e-5)
    assert json.loads(str(group["raw"][:][5])) == dict(presets[5].settings)
    document = group.attrs["tsumami"]
    assert document["instrument"]["name"] == "amsynth"
    assert document["floor"]["exact"] == document["floor"]["patches"] == 16
    assert set(document["flags"]) == {str(flag.name).lower() for flag in Flag} - {"pending"}
    peaks = np.abs(group["audio"][:]).max(axis=1)
    assert (peaks <= np.asarray(group["peak"][:]) + 1e-6).all()
    assert len(np.unique(peaks)) > 120


def test_number_of_workers_changes_no_byte(reference: Path, tmp_path: Path) -> None:
    document = run_tsumami_json(*words(tmp_path / "set.zarr", "--workers", "3"))
    assert document["rendered"] == document["patches"] == 128
    assert_same_files(tmp_path / "set.zarr", reference)


@pytest.mark.parametrize("name", ["set.zarr", "folder"])
def test_render_that_is_killed_goes_on(name: str, tmp_path: Path) -> None:
    out, whole = tmp_path / name, tmp_path / f"whole-{name}"
    shown = out / ("flags/c" if name.endswith("zarr") else ".parts")
    process = subprocess.Popen(
        tsumami_command(*words(out, "--workers", "1")),
        env=tsumami_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not any(path.suffix not in _BEING_WRITTEN for path in shown.glob("*")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    document = run_tsumami_json(*words(out))
    assert 0 < document["rendered"] < 128
    assert run_tsumami_json(*words(out))["rendered"] == 0
    run_tsumami_json(*words(whole))
    assert_same_files(out, whole)


def test_folder_holds_a_file_for_each_preset(tmp_path: Path) -> None:
    document = run_tsumami_json(*words(tmp_path / "sounds", bank=SMALL_BANK))
    rows = [json.loads(line) for line in (tmp_path / "sounds" / "index.jsonl").read_text().splitlines()]
    assert [row["name"] for row in rows] == [preset.name for preset in read_presets(SMALL_BANK)]
    assert document["patches"] == len(rows) == len({row["file"] for row in rows}) == 26
    for row in rows:
        audio, rate = soundfile.read(tmp_path / "sounds" / row["file"])
        assert (audio.shape, rate) == ((11_025,), 22_050)
        assert np.abs(audio).max() <= row["peak"] + 1e-6


def test_other_settings_are_not_mixed_in(reference: Path) -> None:
    done = run_tsumami(*words(reference, "--note", "48"))
    assert done.returncode == 2
    assert f"{reference} with settings.note 60 instead of 48; choose another name" in done.stderr
    done = run_tsumami(*words(reference, bank=SMALL_BANK))
    assert done.returncode == 2
    assert "presets.count 128 instead of 26" in done.stderr


@pytest.mark.parametrize("name", ["set.zarr", "folder"])
def test_what_is_there_is_left_alone(name: str, tmp_path: Path) -> None:
    there = tmp_path / name
    there.mkdir()
    (there / "thesis.txt").write_text("years of work")
    done = run_tsumami(*words(there))
    assert done.returncode == 2
    assert "output must be" in done.stderr
    assert [path.name for path in there.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("name", ["set.zarr", "folder"])
def test_place_that_cannot_be_written_to_is_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run_tsumami(*words(tmp_path / "file" / name))
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("tsumami: output must be a place")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit of a file's size")
@pytest.mark.parametrize("name", ["set.zarr", "folder"])
def test_no_space_left_is_one_line_and_loses_nothing(name: str, tmp_path: Path) -> None:
    limit = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); "
    command = [sys.executable, "-c", f"{limit} os.execv(sys.argv[1], sys.argv[1:])"]
    done = subprocess.run(
        [*command, *tsumami_command(*words(tmp_path / name, bank=SMALL_BANK))],
        check=False,
        env=tsumami_environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    assert "output must have room on its disk" in done.stderr.strip().splitlines()[-1]
    assert not list(tmp_path.rglob("*.partial"))
    assert run_tsumami_json(*words(tmp_path / name, bank=SMALL_BANK))["patches"] == 26


def test_performance_becomes_one_file_or_many(tmp_path: Path) -> None:
    from tsumami.bridge import demo

    midi = str(Path(demo.__file__).with_name("demo.mid"))
    one = tmp_path / "take.wav"
    facts = run_tsumami_json("render", str(one), "--plugin", str(PLUGIN), "--midi", midi)
    audio, rate = soundfile.read(one)
    assert (audio.shape[1], rate) == (2, 48_000)
    assert len(audio) / rate == pytest.approx(facts["seconds"], abs=1e-3)
    done = run_tsumami_json(
        *("render", "--plugin", str(PLUGIN), "--presets", str(SMALL_BANK)),
        *("--midi", midi, "--length", "1", "--out", str(tmp_path / "set.zarr")),
    )
    group: Any = zarr.open_group(tmp_path / "set.zarr", mode="r")
    assert group["audio"].shape == (done["patches"], 22_050)
    assert "note" not in group


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (("--plugin", "nothing.so", "--presets", "x", "--out", "y"), "must be a readable file, got x"),
        (("--plugin", "nothing.so", "--presets", str(SMALL_BANK), "--out", "y"), "got nothing.so"),
        (("--plugin", "a.so", "--builtin", "--out", "y"), "--plugin PATH and --builtin, got both"),
        (("--plugin", "a.so", "--presets", "x"), "output must be given"),
        (("--plugin", "a.so", "--out", "y"), "presets must be given"),
        (("--builtin", "--out", "y", "--log", "z"), "--log must stand without --plugin and --builtin"),
        (("--builtin", "--out", "y", "--workers", "0"), "workers must be at least 1, got 0"),
        (("--builtin", "--out", "y", "--velocity", "200"), "velocity must be a whole number in 1-127"),
        (("--presets", "x", "--out", "y"), "--plugin PATH or --builtin, got neither"),
        (("--builtin", "--out", "s3x://y"), "output must end with .zarr when it is a URL"),
        (("--builtin", "--out", "nosuch://y.zarr"), "output must be"),
        ((), "output must be given"),
    ],
)
def test_wrong_options_are_one_line(given: tuple[str, ...], rule: str, tmp_path: Path) -> None:
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        done = run_tsumami("render", *given)
    finally:
        os.chdir(before)
    assert done.returncode == 2
    assert rule in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
