"""`tsumami presets` as a user runs it: what it lists, shows and writes, and what it refuses in one line."""

from pathlib import Path

import pytest

from tests.command import run_tsumami, run_tsumami_json
from tests.plugins.preset_files import FILES, FXB, h2p_text
from tsumami.plugins.presets import read_presets

SUFFIXES = {
    "amsynth": ".bank",
    "h2p": ".h2p",
    "vstpreset": ".vstpreset",
    "surge": ".fxp",
    "fxb": ".fxb",
    "vital": ".vital",
    "patch": ".toml",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file of each format."""
    for name, suffix in SUFFIXES.items():
        (tmp_path / f"{name}{suffix}").write_bytes(FILES[name])
    return tmp_path


def test_list_finds_every_format_and_reports_what_is_broken(folder: Path) -> None:
    (folder / "broken.vital").write_text("{", encoding="utf-8")
    done = run_tsumami("presets", "list", str(folder))
    assert done.returncode == 2
    assert [line for line in done.stderr.splitlines() if line.startswith("tsumami:")] == [
        f"tsumami: {folder / 'broken.vital'} must be a JSON document, "
        "got Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    ]
    assert "9 presets" in done.stderr
    for text in ("amsynth.bank#2", "Surge XT", "Diva", "Bass:Plucks", "Rubber", "Glass", "Choir"):
        assert text in done.stdout


def test_list_chooses_by_tag(folder: Path) -> None:
    document = run_tsumami_json("presets", "list", str(folder), "--tag", "Moving")
    assert {row["synth"] for row in document["presets"]} == {"Diva", "Surge XT"}
    assert document["broken"] == []


def test_show_says_values_positions_gaps_and_what_was_not_understood(folder: Path) -> None:
    text = h2p_text({"ENV1: Attack": "120"}, without={"OPT: Accuracy"}).replace(
        "#cm=ENV1\n", "#cm=ENV1\nNew=7\n"
    )
    (folder / "BS Odd.h2p").write_text(text, encoding="latin-1")
    shown = run_tsumami("presets", "show", str(folder / "BS Odd.h2p")).stdout
    rows = {cells[0]: cells[1:] for line in shown.splitlines() if (cells := line.strip("│ ").split("│"))}
    rows = {name.strip(): [cell.strip() for cell in cells] for name, cells in rows.items()}
    assert rows["ENV1: Attack"] == ["120", "1.0000", "clipped"]
    assert rows["OPT: Accuracy"] == ["0", "0.0000", "default"]
    assert rows["ENV1.New"] == ["7"]


def test_show_takes_one_of_a_bank(folder: Path) -> None:
    bank = str(folder / "amsynth.bank")
    by_place = run_tsumami_json("presets", "show", f"{bank}#2")
    assert by_place == run_tsumami_json("presets", "show", bank, "--number", "2")
    assert by_place == run_tsumami_json("presets", "show", bank, "--name", "two")
    assert by_place["name"] == "Two"


def test_convert_takes_a_bank_apart_and_puts_it_together(folder: Path) -> None:
    bank = folder / "amsynth.bank"
    assert run_tsumami("presets", "convert", str(bank), str(folder / "apart")).returncode == 0
    assert sorted(path.name for path in (folder / "apart").iterdir()) == ["One.bank", "Two.bank"]
    document = run_tsumami_json("presets", "convert", str(folder / "apart"), str(folder / "whole.bank"))
    assert document == {"presets": 2, "files": [str(folder / "whole.bank")]}
    assert [preset.name for preset in read_presets(folder / "whole.bank")] == ["One", "Two"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["show", "missing.h2p"],
            "preset must be a readable file, got missing.h2p: No such file or directory",
        ),
        (
            ["show", "amsynth.bank"],
            "preset must be one, got a bank of 2 in amsynth.bank; choose by number: 1 to 2",
        ),
        (["show", "x" * 300], f"preset must be a readable file, got {'x' * 300}: File name too long"),
        (["show", "amsynth.bank#3"], "number must be in 1 to 2 for amsynth.bank, got 3"),
        (["convert", "fxb.fxb#1", "a.h2p"], "preset must be one of u-he, got 'A' of fxb"),
        (
            ["convert", "amsynth.bank", "a.vital"],
            ".vital file must hold one preset of Vital, got 'One' of amsynth",
        ),
        (
            ["convert", "fxb.fxb", "fxb.fxb"],
            "output must be a new file, got fxb.fxb; give --force to write over it",
        ),
        (["convert", "fxb.fxb", "a.wav"], "output must end with one of .bank"),
        (["convert", "fxb.fxb#1", "no/such/a.fxp"], "output must be a writable file, got no/such/a.fxp"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(folder)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    done = run_tsumami("presets", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"tsumami: {said}")
    assert len(done.stderr.splitlines()) == 1
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert (folder / "fxb.fxb").read_bytes() == FXB
