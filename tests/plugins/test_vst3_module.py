"""The reader of VST3 modules: classes, unique ids, and the order in which hosts number parameters."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.engine.errors import PluginError
from tsumami.plugins.vst3.bundle import module_file, module_files
from tsumami.plugins.vst3.host_order import host_order
from tsumami.plugins.vst3.module import Vst3Module

READ = """
import json, pathlib, sys
from tsumami.plugins.vst3.module import Vst3Module
module = Vst3Module(pathlib.Path(sys.argv[1]))
plugin, = module.classes
rows = [[row.title, row.unique_id, row.steps] for row in module.parameters(plugin.name)]
print(json.dumps([plugin.name, plugin.vendor, plugin.version, plugin.sub_categories, rows]))
"""


def java_hash(word: str) -> int:
    """Of which JUCE makes a parameter's unique id, keeping 31 bits: that a host may use the last one."""
    value = 0
    for character in word:
        value = (31 * value + ord(character)) & 0xFFFFFFFF
    return value & 0x7FFFFFFF


def test_a_module_tells_its_class_and_the_unique_ids(instrument_plugin: Path) -> None:
    output = subprocess.check_output([sys.executable, "-c", READ, str(instrument_plugin)], timeout=60)
    name, vendor, version, sub_categories, rows = json.loads(output)
    assert (name, vendor, version) == ("TsumamiFixture", "Tsumami", "1.2.3")
    assert sub_categories == "Instrument|Synth"
    own = {"click": "Click", "osc_level": "Level", "out_level": "Level", "partial_8": "Partial 8"}
    found = {unique_id: title for title, unique_id, _ in rows}
    assert {java_hash(word): title for word, title in own.items()}.items() <= found.items()
    assert len(found) == len(rows)
    assert rows[1] == ["Wave", java_hash("wave"), 2]


def test_without_groups_parameters_keep_their_order() -> None:
    assert host_order([0, 0, 0], {}) == [0, 1, 2]


def test_a_group_stands_where_its_first_parameter_came() -> None:
    # root: 0, group 1 (1, 3, group 2 (4)), 2
    assert host_order([0, 1, 0, 1, 2], {1: 0, 2: 1}) == [0, 1, 3, 4, 2]


def test_a_group_within_comes_when_it_is_first_needed() -> None:
    # group 2 stands in group 1, and asks for it before group 1 has parameters of its own
    assert host_order([2, 1, 0], {1: 0, 2: 1}) == [0, 1, 2]


@given(
    st.lists(st.integers(0, 6), max_size=30),
    st.dictionaries(st.integers(1, 6), st.integers(-1, 6), max_size=6),
)
def test_no_parameter_is_lost_where_groups_make_a_tree(units: list[int], parents: dict[int, int]) -> None:
    tree = {unit: parent for unit, parent in parents.items() if parent < unit}
    assert sorted(host_order(units, tree)) == list(range(len(units)))


def test_a_file_that_is_no_module(tmp_path: Path) -> None:
    file = tmp_path / "Words.vst3"
    file.write_text("just words")
    with pytest.raises(PluginError, match=r"must be a VST3 module, got .*Words\.vst3"):
        Vst3Module(file)


def test_a_bundle_for_other_systems(tmp_path: Path) -> None:
    bundle = tmp_path / "Elsewhere.vst3"
    names = ("Contents/MacOS/Elsewhere", "Contents/x86_64-win/Elsewhere.vst3", "Contents/riscv64-linux/E.so")
    for name in names:
        (bundle / name).parent.mkdir(parents=True)
        (bundle / name).touch()
    (bundle / "Contents" / "moduleinfo.json").touch()
    assert {file.relative_to(bundle).as_posix() for file in module_files(bundle)} == set(names)
    assert module_file(bundle) is None
    with pytest.raises(PluginError, match="must be a VST3 bundle for this system"):
        Vst3Module(bundle)
