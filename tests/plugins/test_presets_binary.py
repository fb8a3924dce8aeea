"""Presets of VST2, VST3 and Surge: containers around values or a plugin's own state."""

import dataclasses
import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.amsynth_plugin import BANKS, needs_amsynth
from tests.plugins.preset_files import (
    CLASS_ID,
    FXB,
    FXB_CHUNK,
    FXP,
    FXP_CHUNK,
    SURGE,
    VSTPRESET,
    vst2_file,
    vstpreset_file,
)
from tsumami.engine import ParameterError
from tsumami.plugins.presets import (
    Preset,
    convert_presets,
    fxb,
    fxp,
    read_preset,
    read_presets,
    surge,
    vstpreset,
)

NAMES = st.text(st.characters(codec="latin-1", exclude_categories=("C",)), min_size=1, max_size=27)
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=20)


def test_a_vst2_program_has_its_values_by_index() -> None:
    (preset,) = fxp.decode(FXP, "a.fxp")
    assert (preset.name, preset.synth, preset.plugin_id) == ("Lead", "", "Test")
    assert dict(preset.settings) == {"0": 0.0, "1": 0.25, "2": 1.0}
    assert not preset.positions, "whose parameters they are is not known"


def test_a_chunk_is_the_plugins_state() -> None:
    assert fxp.decode(FXP_CHUNK, "a.fxp")[0].state == b"state\0\1"
    assert fxb.decode(FXB_CHUNK, "a.fxb")[0].state == b"bank"


@given(st.lists(st.tuples(NAMES, st.lists(FLOATS, max_size=50)), min_size=1, max_size=5))
def test_programs_read_back_as_they_were_written(programs: list[tuple[str, list[float]]]) -> None:
    presets = [
        Preset(
            name,
            "fxp",
            "",
            "",
            settings={str(row): value for row, value in enumerate(values)},
            plugin_id="Test",
        )
        for name, values in programs
    ]
    bank = fxb.decode(fxb.encode(presets), "bank.fxb")
    singles = [fxp.decode(fxp.encode([preset]), "a.fxp")[0] for preset in presets]
    for read in (bank, singles):
        assert [(preset.name, dict(preset.settings)) for preset in read] == [
            (preset.name, dict(preset.settings)) for preset in presets
        ]


def test_banks_come_apart_into_programs_and_together_again(tmp_path: Path) -> None:
    convert_presets(fxb.decode(FXB, "bank.fxb"), tmp_path / "programs", suffix="fxp")
    programs = read_presets(tmp_path / "programs")
    assert [preset.name for preset in programs] == ["A", "B"]
    convert_presets(programs, tmp_path / "bank.fxb")
    assert (tmp_path / "bank.fxb").read_bytes() == FXB


@pytest.mark.parametrize(
    ("data", "target"), [(FXP_CHUNK, fxb), (FXB_CHUNK, fxp), (SURGE, fxb), (VSTPRESET, fxp)]
)
def test_a_state_goes_into_no_container_but_its_own(data: bytes, target: object, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(data)
    suffix = ".fxb" if target is fxb else ".fxp"
    with pytest.raises(ParameterError, match=r"must (be|hold)"):
        convert_presets(read_presets(tmp_path / "a"), tmp_path / f"b{suffix}")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_bank_is_of_one_plugin() -> None:
    ours, theirs = (
        dataclasses.replace(fxp.decode(FXP, "a.fxp")[0], plugin_id=name) for name in ("Ours", "Else")
    )
    with pytest.raises(ParameterError, match="one plugin, got Else, Ours"):
        fxb.encode([ours, theirs])


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (FXP[:-1], "cut off"),
        (FXP_CHUNK[:-1], "chunk must be whole, got 6 of its 7 bytes"),
        (vst2_file(b"FxCk", -1, bytes(28)), "number of parameters must fit the file, got -1"),
        (vst2_file(b"FxCk", 1, bytes(28) + struct.pack(">f", float("nan"))), "parameters must be numbers"),
        (
            vst2_file(b"FxBk", 1, bytes(128) + FXP_CHUNK),
            "programs of a bank must be of kind FxCk, got b'FPCh'",
        ),
        (vst2_file(b"Fx??", 1, bytes(28)), "kind must be one of"),
        (FXB[:-40], "cut off"),
    ],
)
def test_a_broken_container_is_refused(data: bytes, rule: str) -> None:
    with pytest.raises(ParameterError, match=rule):
        fxp.decode(data, "a.fxp")


def test_surge_says_what_it_is_in_its_chunk() -> None:
    (preset,) = surge.decode(SURGE, "Glow.fxp")
    assert (preset.name, preset.synth, preset.category, preset.author) == ("Glow", "Surge XT", "Pads", "Ada")
    assert preset.tags == ("moving", "warm")
    assert dict(preset.settings) == {"a_osc1_type": 3.0, "volume": -2.5}
    assert preset.state is not None
    assert preset.state.endswith(b"wavetable")


@pytest.mark.parametrize("xml", [b"<patch>" * 2, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_surge_with_xml_that_is_none_is_refused(xml: bytes) -> None:
    chunk = struct.pack("<4s7i", b"sub3", len(xml), *[0] * 6) + xml
    data = vst2_file(b"FPCh", 1, bytes(28) + struct.pack(">i", len(chunk)) + chunk)
    with pytest.raises(ParameterError, match=r"a\.fxp must be (plain )?XML"):
        surge.decode(data, "a.fxp")


def test_a_vst3_preset_is_its_class_its_state_and_what_it_says() -> None:
    (preset,) = vstpreset.decode(VSTPRESET, "a.vstpreset")
    assert (preset.name, preset.synth, preset.category, preset.tags) == (
        "Choir",
        "Chant",
        "Pad",
        ("dark", "dirty"),
    )
    assert (preset.plugin_id, preset.state) == (CLASS_ID.decode(), b"component")
    assert dict(preset.unknown) == {"MediaType": "VstPreset"}
    assert preset.parts["Cont"] == b"controller"


@given(
    name=TEXT.filter(bool),
    tags=st.lists(st.sampled_from(["dark", "moving", "warm"]), unique=True),
    state=st.binary(),
)
def test_a_vst3_preset_reads_back_as_it_was_written(name: str, tags: list[str], state: bytes) -> None:
    (read,) = vstpreset.decode(VSTPRESET, "a.vstpreset")
    edited = dataclasses.replace(read, name=name, tags=tuple(tags), state=state)
    (again,) = vstpreset.decode(vstpreset.encode([edited]), "b.vstpreset")
    assert (again.name, again.tags, again.state) == (name, tuple(tags), state)
    assert (again.plugin_id, again.parts["Cont"], again.unknown) == (
        read.plugin_id,
        b"controller",
        read.unknown,
    )


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (VSTPRESET[:-1], "got a file that is cut off"),
        (vstpreset_file(Cont=b"controller"), "with the state of a plugin, got none"),
        (vstpreset_file(Comp=b"a", Info=b"<MetaInfo>"), "Info of a.vstpreset must be XML"),
        (VSTPRESET.replace(b"List\x03", b"List\xff"), "cut off"),
    ],
)
def test_a_broken_vst3_preset_is_refused(data: bytes, rule: str) -> None:
    with pytest.raises(ParameterError, match=rule):
        vstpreset.decode(data, "a.vstpreset")


_SAVE_VST3 = """
import sys
from pathlib import Path
import pedalboard
plugin = pedalboard.load_plugin(sys.argv[1])
parameter = plugin.parameters["cutoff_hz"]
if len(sys.argv) == 3:
    parameter.raw_value = 0.25
    Path(sys.argv[2]).write_bytes(plugin.preset_data)
else:
    plugin.load_preset(sys.argv[3])
print(parameter.raw_value)
"""


def test_a_real_vst3_plugin_takes_what_is_written(instrument_plugin: Path, tmp_path: Path) -> None:
    def run(*paths: Path) -> float:
        command = [sys.executable, "-c", _SAVE_VST3, str(instrument_plugin), *map(str, paths)]
        return float(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)

    saved, written = tmp_path / "saved.vstpreset", tmp_path / "written.vstpreset"
    set_to = run(saved)
    preset = read_preset(saved)
    assert vstpreset.encode([preset]) == saved.read_bytes()
    written.write_bytes(vstpreset.encode([dataclasses.replace(preset, name="Mine", tags=("dark",))]))
    assert run(saved, written) == set_to


_LOAD_VST2 = """
import json, sys
import dawdreamer
from tsumami.plugins.presets.amsynth_ranges import PLUGIN_PATH, saved_settings

engine = dawdreamer.RenderEngine(44_100, 512)
plugin = engine.make_plugin_processor("amsynth", str(PLUGIN_PATH))
said = []
for path in sys.argv[2:]:
    plugin.load_preset(path)
    said.append(saved_settings(plugin))
plugin.save_state(sys.argv[1])
print(json.dumps(said))
"""


@needs_amsynth
def test_a_real_vst2_plugin_takes_what_is_written_and_saves_what_is_read(tmp_path: Path) -> None:
    bank = read_presets(BANKS / "PatriksBank05.bank")
    first, whole, state = tmp_path / "third.fxp", tmp_path / "whole.fxb", tmp_path / "state"
    convert_presets(bank[2:3], first)
    convert_presets(bank, whole)
    command = [sys.executable, "-c", _LOAD_VST2, str(state), str(first), str(whole)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    for preset, said in zip((bank[2], bank[0]), json.loads(output), strict=True):
        # Six digits of single precision, around zero of a range of 32 at most.
        assert said == pytest.approx(dict(preset.settings), rel=5e-6, abs=2e-5)
    saved = read_preset(state)
    assert (saved.format, saved.synth) == ("fxb", "amsynth")
    assert dict(saved.settings) == pytest.approx(dict(bank[0].settings), rel=5e-6, abs=2e-5)
