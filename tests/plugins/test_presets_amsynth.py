"""Banks of amsynth: what is written reads back, and positions give the plugin what a bank says."""

import csv
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.amsynth_plugin import BANKS, needs_amsynth
from tests.plugins.preset_bytes import assert_read_or_refused
from tsumami.engine import ParameterError
from tsumami.plugins.presets import Preset, amsynth, read_presets, write_preset

_NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=20)
_RAW = st.floats(-1e6, 1e6)


@st.composite
def presets(draw: st.DrawFn) -> Preset:
    given = draw(st.dictionaries(st.sampled_from(amsynth.PARAMETERS), _RAW))
    filled = tuple(name for name in amsynth.PARAMETERS if name not in given)
    unknown = draw(st.dictionaries(st.just("<parameter> warmth"), st.just("0.5")))
    settings = {row.name: given.get(row.name, row.default) for row in amsynth.RANGES}
    name = draw(_NAMES)
    return Preset(
        name,
        "amsynth",
        "amsynth",
        "",
        settings=settings,
        filled=filled,
        unknown=unknown,
    )


@given(st.lists(presets(), min_size=1, max_size=4))
def test_a_bank_reads_back_as_it_was_written(bank: list[Preset]) -> None:
    read = amsynth.decode(amsynth.encode(bank), "a.bank")
    assert [preset.name for preset in read] == [preset.name for preset in bank]
    assert [dict(preset.settings) for preset in read] == [dict(preset.settings) for preset in bank]
    assert [dict(preset.unknown) for preset in read] == [dict(preset.unknown) for preset in bank]
    assert [preset.filled for preset in read] == [preset.filled for preset in bank]
    assert [preset.source for preset in read] == [f"a.bank#{number}" for number in range(1, len(bank) + 1)]


@given(presets())
def test_positions_are_those_of_the_plugin_and_outliers_are_named(preset: Preset) -> None:
    (read,) = amsynth.decode(amsynth.encode([preset]), "a.bank")
    assert tuple(read.positions) == amsynth.PARAMETERS
    assert all(0.0 <= position <= 1.0 for position in read.positions.values())
    outside = {row.name for row in amsynth.RANGES if not row.holds(float(read.settings[row.name]))}
    assert set(read.clipped) == outside


@needs_amsynth
def test_debians_banks_are_read_whole() -> None:
    found = read_presets(BANKS)
    assert len(found) == 3482
    assert len({tuple(preset.positions.values()) for preset in found}) == 3303
    assert {tuple(preset.positions) for preset in found} == {amsynth.PARAMETERS}
    assert not any(preset.unknown for preset in found)
    assert not any(preset.clipped for preset in found)
    files = [preset.source.partition("#")[0] for preset in found]
    assert files == sorted(files, key=str.casefold)


@needs_amsynth
def test_a_bank_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    bank = read_presets(BANKS / "amsynth_factory.bank")
    write_preset(tmp_path / "copy.bank", *bank)
    assert [dict(preset.settings) for preset in read_presets(tmp_path / "copy.bank")] == [
        dict(preset.settings) for preset in bank
    ]
    with pytest.raises(ParameterError, match="output must be a new file"):
        write_preset(tmp_path / "copy.bank", *bank)
    assert [path.name for path in tmp_path.iterdir()] == ["copy.bank"]


@needs_amsynth
def test_a_bank_that_is_cut_off_is_an_error_wherever_it_is_cut() -> None:
    data = (BANKS / "PatriksBank05.bank").read_bytes()[:1500] + b"\nEOF"
    for length in range(len(data)):
        with pytest.raises(ParameterError):
            amsynth.decode(data[:length], "a.bank")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_bank_or_an_error(noise: bytes) -> None:
    for data in (noise, b"amSynth\n" + noise, b"amSynth\n<preset> <name> a\n" + noise + b"\nEOF"):
        assert_read_or_refused(amsynth, data)


_PLUGIN_SCRIPT = """
import json, sys
import dawdreamer
from tsumami.plugins.presets import read_presets
from tsumami.plugins.presets.amsynth_ranges import PLUGIN_PATH, saved_settings

engine = dawdreamer.RenderEngine(44_100, 512)
plugin = engine.make_plugin_processor("amsynth", str(PLUGIN_PATH))
rows = {row["name"]: row["index"] for row in plugin.get_parameters_description()}
said = []
bank = read_presets(sys.argv[1])
for number in json.loads(sys.argv[2]):
    for name, position in bank[number].positions.items():
        plugin.set_parameter(rows[name], position)
    said.append(saved_settings(plugin))
assert "numba" not in sys.modules and "pedalboard" not in sys.modules
print(json.dumps(said))
"""


@needs_amsynth
def test_the_table_is_the_plugins() -> None:
    command = [sys.executable, "-m", "tsumami.plugins.presets.amsynth_ranges"]
    probed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert list(csv.reader(probed.splitlines())) == list(
        csv.reader(amsynth.RANGES_PATH.read_text(encoding="utf-8").splitlines())
    )


@needs_amsynth
def test_positions_give_the_plugin_what_the_bank_says() -> None:
    bank = read_presets(BANKS)
    chosen = random.Random(7).sample(range(len(bank)), 200)
    command = [sys.executable, "-c", _PLUGIN_SCRIPT, str(BANKS), json.dumps(chosen)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    spans = {row.name: row.maximum - row.minimum for row in amsynth.RANGES}
    for number, said in zip(chosen, json.loads(output), strict=True):
        for name, raw in bank[number].settings.items():
            # The plugin prints six digits of single precision, as the bank does.
            assert said[name] == pytest.approx(raw, abs=2e-6 * spans[name], rel=5e-6), (number, name)
