"""`tsumami presets check`: as far as it goes without the synthesizer, and to its end with one."""

from pathlib import Path

import pytest

from tests.command import run_tsumami, run_tsumami_json
from tests.plugins.amsynth_plugin import BANK, PLUGIN, needs_amsynth
from tests.plugins.preset_files import h2p_text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Presets of Diva, made here."""
    presets = tmp_path / "Diva Presets"
    (presets / "Mine").mkdir(parents=True)
    for attack in range(3):
        text = h2p_text({"ENV1: Attack": f"{attack}"})
        (presets / "Mine" / f"Attack {attack}.h2p").write_text(text, encoding="latin-1")
    return presets


@pytest.mark.parametrize("choice", ["16", "32"])
def test_a_diva_that_is_not_there_is_told_last_and_clearly(folder: Path, choice: str) -> None:
    done = run_tsumami("presets", "check", str(folder), "--parameters", choice, VST3_PATH=str(folder))
    assert done.returncode == 2
    said = done.stdout.splitlines()
    assert said[0] == "3 presets of Diva"
    assert "dark 0 / bright 3" in said[1]
    assert said[2] == f"every preset sets all {choice} parameters"
    assert said[-1] == "3 presets that differ in them"
    (error,) = done.stderr.splitlines()
    assert error.startswith(f"tsumami: plugin must be in a standard folder, got no Diva.vst3 in {folder}, ")
    assert error.endswith("name its folder in VST3_PATH, or give --plugin PATH")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--plugin", "Diva.vst3"], "plugin must be a file or bundle that is there, got Diva.vst3"),
        pytest.param(
            ["--plugin", str(PLUGIN)],
            "preset must be one of amsynth, got 'Attack 0' of Diva",
            marks=needs_amsynth,
        ),
        (["--parameters", "64"], "parameters must be one of 16, 32, all for Diva, got 64"),
    ],
)
def test_what_stops_the_way_is_one_line(folder: Path, words: list[str], said: str) -> None:
    done = run_tsumami("presets", "check", str(folder), *words)
    assert done.returncode == 2
    (error,) = done.stderr.splitlines()
    assert error.startswith(f"tsumami: {said}")


def test_rendering_without_the_plugin_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "diva.zarr"
    done = run_tsumami("render", "--plugin", "Diva.vst3", "--presets", str(folder), "--out", str(out))
    assert done.returncode == 2
    (error,) = done.stderr.strip().splitlines()
    assert error.startswith("tsumami: plugin must be a file or bundle that is there, got Diva.vst3; ")
    assert not out.exists()


def test_broken_presets_are_reported_and_the_others_checked(folder: Path) -> None:
    (folder / "cut.h2p").write_text(h2p_text()[:900], encoding="latin-1")
    done = run_tsumami("presets", "check", str(folder))
    assert done.stdout.startswith("3 presets of Diva\n")
    assert [line.split(" ")[0] for line in done.stderr.splitlines()] == ["tsumami:"] * 2
    assert "cut.h2p" in done.stderr


@needs_amsynth
def test_a_synthesizer_that_is_there_is_loaded_and_has_the_parameters() -> None:

    document = run_tsumami_json("presets", "check", str(BANK), "--parameters", "16", "--plugin", str(PLUGIN))
    assert document["synth"] == "amsynth"
    assert document["plugin"] == str(PLUGIN)
    assert document["tagged"] == 0
    assert document["unset"] == {}
    assert document["different"] > 50
