"""`tsumami scan` and `tsumami plugin` as a user runs them."""

import json
import os
import signal
import struct
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.command import run_tsumami, run_tsumami_json, tsumami_command, tsumami_environment

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture
def plugins(tmp_path: Path, instrument_plugin: Path, effect_plugin: Path) -> Path:
    """A folder with two plugins that work and two files that do not."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    for plugin in (instrument_plugin, effect_plugin):
        (folder / plugin.name).symlink_to(plugin)
    (folder / "Words.vst3").write_text("just words")
    (folder / "Mac.vst3").write_bytes(struct.pack("<II", 0xFEEDFACF, 0x0100000C))
    return folder


def test_a_scan_lists_what_works_and_why_the_rest_does_not(plugins: Path, tmp_path: Path) -> None:
    done = run_tsumami("scan", str(plugins), XDG_CACHE_HOME=str(tmp_path), COLUMNS="100")
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= max(
        100, len(f"{plugins}/Words.vst3 is not a plugin") + 40
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["TsumamiFixture.vst3", "TsumamiFixture", "Tsumami", "instrument", "VST3", "34", "37"] in rows
    assert f"{plugins}/Words.vst3 is not a plugin" in done.stdout
    assert f"{plugins}/Mac.vst3 is for macOS ARM64, not " in done.stdout
    assert not done.stderr.strip()


def test_the_same_as_one_document(plugins: Path, tmp_path: Path) -> None:
    document = run_tsumami_json("scan", str(plugins), XDG_CACHE_HOME=str(tmp_path))
    found = {Path(report["path"]).stem: report for report in document["plugins"]}
    assert found["TsumamiFixtureEffect"]["kind"] == "effect"
    assert found["TsumamiFixtureEffect"]["latency_samples"] == 64
    assert found["Words"]["failure"] == "is not a plugin"


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    done = run_tsumami("scan", str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 0
    assert done.stdout == f"no plugins in {tmp_path}; name others: tsumami scan DIR\n"


def interrupt(*args: str, after_children: int, **variables: str) -> None:
    """Start ``tsumami args``, interrupt it when it has children, and see that it ends as it should."""
    with subprocess.Popen(
        tsumami_command(*args),
        env=tsumami_environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_for_children(process.pid, after_children)
        os.kill(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert output == ""


def test_an_interrupted_plugin_leaves_nothing_running(instrument_plugin: Path) -> None:
    interrupt("plugin", str(instrument_plugin), after_children=1, TSUMAMI_FIXTURE_HANG_ON_LOAD="1")


def test_an_interrupted_scan_leaves_nothing_running(plugins: Path, tmp_path: Path) -> None:
    hang = {"XDG_CACHE_HOME": str(tmp_path), "TSUMAMI_FIXTURE_HANG_ON_LOAD": "1"}
    interrupt("scan", str(plugins), "--workers", "2", after_children=2, **hang)
    cached = json.loads((tmp_path / "tsumami" / "plugins.json").read_text())
    assert str(plugins / "TsumamiFixture.vst3") not in cached["entries"]


def wait_for_children(pid: int, count: int) -> None:
    """Return when a process has ``count`` children."""
    parent = psutil.Process(pid)
    while parent.is_running() and len(parent.children()) < count:
        try:
            parent.wait(0.02)
        except psutil.TimeoutExpired:
            continue
        pytest.fail("the scan ended before it was interrupted")


def test_a_plugin_and_its_parameters(instrument_plugin: Path) -> None:
    done = run_tsumami("plugin", str(instrument_plugin), COLUMNS="100")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "TsumamiFixture 1.2.3 by Tsumami"
    assert lines[1] == "VST3 instrument; latency 37 samples; 34 parameters"
    assert any("Sine, Saw, Square" in line and "3642105" in line for line in lines)
    assert sum("Level *" in line for line in lines) == 2
    assert max(map(len, lines)) <= 100


def test_a_plugin_as_one_document(effect_plugin: Path) -> None:
    document = run_tsumami_json("plugin", str(effect_plugin))
    gain = document["parameters"][0]
    assert (gain["name"], gain["default"], gain["unique_id"]) == ("Gain", 0.5, 3165055)


@pytest.mark.parametrize(
    ("variable", "timeout", "failure"),
    [
        ("TSUMAMI_FIXTURE_CRASH_ON_LOAD", "60", "which crashed with signal 11 (SIGSEGV)"),
        ("TSUMAMI_FIXTURE_HANG_ON_LOAD", "1.5", "which hung for 1.5 s"),
    ],
)
def test_a_plugin_that_fails_is_one_line(
    instrument_plugin: Path, monkeypatch: pytest.MonkeyPatch, variable: str, timeout: str, failure: str
) -> None:
    monkeypatch.setenv(variable, "1")
    done = run_tsumami("plugin", str(instrument_plugin), "--timeout", timeout)
    assert done.returncode == 2
    line = f"tsumami: plugin must be one that works here, got {instrument_plugin}, {failure}\n"
    assert done.stderr == line
