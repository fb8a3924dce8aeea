"""Presets of every format: what is read is written back, and what is broken is refused in one line."""

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.preset_bytes import assert_read_or_refused
from tests.plugins.preset_files import AMSYNTH, CLASS_ID, FILES, FXB_CHUNK, FXP_CHUNK, H2P, PATCH, VITAL
from tsumami.engine import ParameterError
from tsumami.plugins.presets import Preset, check_synth, read_presets, write_preset
from tsumami.plugins.presets.formats import FORMATS, format_module

CASES = [*FILES.items(), ("fxp", FXP_CHUNK), ("fxb", FXB_CHUNK)]


def said(presets: Sequence[Preset]) -> list[dict[str, Any]]:
    """What presets say, but for where they come from."""
    fields = [name for name in Preset.__slots__ if name not in ("source", "parts")]
    return [{name: getattr(preset, name) for name in fields} for preset in presets]


@pytest.mark.parametrize(("name", "data"), CASES)
def test_what_is_read_is_written_back(name: str, data: bytes) -> None:
    module = format_module(name)
    read = module.decode(data, "bank")
    assert said(module.decode(module.encode(read), "bank")) == said(read)
    assert {preset.format for preset in read} == {name}


@pytest.mark.parametrize("name", ["h2p", "vital", "vstpreset", "surge", "fxp", "fxb"])
def test_an_untouched_preset_is_written_byte_for_byte(name: str) -> None:
    module = format_module(name)
    assert module.encode(module.decode(FILES[name], "file")) == FILES[name]


@pytest.mark.parametrize("name", FORMATS)
def test_only_its_own_format_recognises_a_file(name: str) -> None:
    recognising = [other for other in FORMATS if format_module(other).recognises(FILES[name])]
    assert recognising[0] == name
    assert set(recognising[1:]) <= ({"fxp"} if name == "surge" else set())


@pytest.mark.parametrize(("name", "data"), CASES)
def test_a_file_cut_off_anywhere_is_read_or_refused_in_one_line(name: str, data: bytes) -> None:
    for length in range(len(data)):
        assert_read_or_refused(format_module(name), data[:length])


@pytest.mark.parametrize(("name", "data"), CASES)
@given(noise=st.data())
def test_a_file_with_other_bytes_in_it_is_read_or_refused_in_one_line(
    name: str, data: bytes, noise: st.DataObject
) -> None:
    start = noise.draw(st.integers(0, len(data)))
    end = noise.draw(st.integers(start, min(start + 16, len(data))))
    spoiled = data[:start] + noise.draw(st.binary(max_size=16)) + data[end:]
    module = format_module(name)
    read = assert_read_or_refused(module, spoiled)
    if read:
        assert_written_or_refused(name, read)


def assert_written_or_refused(name: str, presets: Sequence[Preset]) -> None:
    module = format_module(name)
    try:
        written = module.encode(presets)
    except ParameterError:
        return
    assert said(module.decode(written, presets[0].source)) == said(presets)


@pytest.mark.parametrize("name", FORMATS)
@given(noise=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_one_line(name: str, noise: bytes) -> None:
    assert_read_or_refused(format_module(name), noise)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_known_by_its_content_whatever_its_suffix(name: str, tmp_path: Path) -> None:
    path = tmp_path / "Sound.unknown"
    path.write_bytes(FILES[name])
    assert {preset.format for preset in read_presets(path)} == {name}


def test_a_folder_is_read_in_natural_order_and_deep(tmp_path: Path) -> None:
    (tmp_path / "Bank 2").mkdir()
    for place in ("Bank 10.bank", "Bank 2/b.bank", "Bank 2/a10.BANK", "Bank 2/a9.bank"):
        (tmp_path / place).write_bytes(AMSYNTH)
    (tmp_path / "session.toml").write_text("[device]\n", encoding="utf-8")
    (tmp_path / "patches.toml").write_bytes(PATCH)
    (tmp_path / "._Bank 10.bank").write_bytes(b"\0\5\26\7")
    (tmp_path / "LICENSE.txt").write_text("free", encoding="utf-8")
    sources = [os.path.relpath(preset.source, tmp_path) for preset in read_presets(tmp_path)]
    places = ["Bank 2/a9.bank", "Bank 2/a10.BANK", "Bank 2/b.bank", "Bank 10.bank"]
    expected = [f"{place}#{number}" for place in places for number in (1, 2)]
    assert [Path(source).as_posix() for source in sources] == [*expected, "patches.toml#1"]


def test_a_broken_file_in_a_folder_is_reported_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.vital").write_bytes(VITAL[:-10])
    (tmp_path / "b.bank").write_bytes(AMSYNTH)
    with pytest.raises(ParameterError, match=r"a\.vital must be a JSON document"):
        read_presets(tmp_path)
    errors: list[ParameterError] = []
    assert [preset.name for preset in read_presets(tmp_path, errors.append)] == ["One", "Two"]
    assert len(errors) == 1


@pytest.mark.parametrize("name", ["missing.h2p", "empty", "empty.fxp", "."])
def test_what_is_no_preset_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "empty.fxp").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(ParameterError, match=r"must (be|hold)"):
        read_presets(tmp_path / name if name != "." else tmp_path / "folder")


def test_an_unreadable_preset_keeps_the_file_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "b.bank").write_bytes(AMSYNTH)
    (foreign,) = format_module("vital").decode(VITAL, "x.vital")
    with pytest.raises(
        ParameterError, match="preset must be one of amsynth with its values, got 'Glass' of Vital"
    ):
        write_preset(tmp_path / "b.bank", foreign, overwrite=True)
    assert (tmp_path / "b.bank").read_bytes() == AMSYNTH
    assert [path.name for path in tmp_path.iterdir()] == ["b.bank"]


@pytest.mark.parametrize("place", ["no/such/folder/a.bank", "a.wav", "folder.bank"])
def test_what_cannot_be_written_is_refused_and_leaves_nothing(place: str, tmp_path: Path) -> None:
    (tmp_path / "folder.bank").mkdir()
    presets = format_module("amsynth").decode(AMSYNTH, "a.bank")
    with pytest.raises(ParameterError, match="output must"):
        write_preset(tmp_path / place, *presets, overwrite=True)
    assert [path.name for path in tmp_path.rglob("*")] == ["folder.bank"]


@pytest.mark.parametrize(
    ("plugin", "fits"),
    [("Diva", True), ("Diva(x64)", True), ("DIVA", True), ("amsynth_vst", False), ("Div2", False)],
)
def test_a_preset_of_another_synth_can_be_told(plugin: str, fits: bool) -> None:
    (preset,) = format_module("h2p").decode(H2P, "Pluck.h2p")
    if fits:
        check_synth(preset, plugin)
    else:
        with pytest.raises(ParameterError, match=f"preset must be one of {plugin}, got 'Pluck' of Diva"):
            check_synth(preset, plugin)


def test_the_id_of_a_plugin_decides_before_its_name() -> None:
    (preset,) = format_module("vstpreset").decode(FILES["vstpreset"], "Choir.vstpreset")
    check_synth(preset, "Chant 2 (renamed)", CLASS_ID.decode().lower())
    with pytest.raises(ParameterError, match="preset must be one of Chant, got 'Choir' of Chant"):
        check_synth(preset, "Chant", "F" * 32)


@pytest.mark.parametrize("name", FORMATS)
def test_presets_travel_to_other_processes(name: str) -> None:
    read = format_module(name).decode(FILES[name], "file")
    assert said(pickle.loads(pickle.dumps(read))) == said(read)


def test_reading_presets_loads_no_plugin_host_and_no_compiler() -> None:
    script = (
        "import sys\n"
        "from tsumami.plugins.presets.formats import FORMATS, format_module\n"
        "for name in FORMATS: format_module(name)\n"
        "print(sorted({'numba', 'pedalboard', 'dawdreamer', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
