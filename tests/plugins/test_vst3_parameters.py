"""The table of a plugin's parameters: every row has an address, and no address means two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.engine import ParameterError
from tsumami.plugins.vst3.parameters import ParameterTable, PluginParameter, labels_of

_NAMES = st.sampled_from(["Tune", "tune", "Cutoff", "Level", "", "Ä", "Tune #2"])
_ROWS = st.lists(st.tuples(_NAMES, st.integers(0, 3)), min_size=1, max_size=12)


def _table(names_and_gaps: list[tuple[str, int]]) -> ParameterTable:
    """Rows whose indices have gaps, as where parameters are left out."""
    rows, index = [], 0
    for name, gap in names_and_gaps:
        index += gap + 1
        rows.append(PluginParameter(index, name, 0.5, unique_id=1000 + index))
    return ParameterTable(rows)


@given(_ROWS)
def test_every_row_is_found_by_index_unique_id_and_label(rows: list[tuple[str, int]]) -> None:
    table = _table(rows)
    assert len(set(table.labels)) == len(table) == len(rows)
    for place, (row, label) in enumerate(zip(table.rows, table.labels, strict=True)):
        assert table.find(f"#{row.index}") == place
        assert table.find(f"id:{row.unique_id}") == place
        assert table.find(label) == place


@given(_ROWS)
def test_a_name_finds_its_row_only_where_it_stands_for_one(rows: list[tuple[str, int]]) -> None:
    table = _table(rows)
    names = [row.name for row in table.rows]
    for name in set(names) - {""}:
        if names.count(name) == 1:
            assert table.find(name) == names.index(name)
        else:
            assert table.ambiguous[name] == tuple(place for place, each in enumerate(names) if each == name)
            with pytest.raises(ParameterError, match="must be unambiguous"):
                table.find(name)


def test_the_case_of_a_name_does_not_matter_where_nothing_else_has_it() -> None:
    table = ParameterTable([PluginParameter(0, "Filter Cutoff", 0.5), PluginParameter(1, "tune", 0.5)])
    assert table.find("filter cutoff") == 0
    assert table.find(" TUNE ") == 1


def test_an_unknown_address_is_answered_with_the_nearest() -> None:
    table = ParameterTable([PluginParameter(0, "Cutoff", 0.5), PluginParameter(1, "Resonance", 0.5)])
    with pytest.raises(ParameterError, match=r"2 \(Cutoff, Resonance\), got 'Cutof'; did you mean 'Cutoff'"):
        table.find("Cutof")
    for address in ("#7", "id:7", "#", "id:", "#x"):
        with pytest.raises(ParameterError, match="parameter must be a name"):
            table.find(address)


def test_the_engine_gets_unique_names_and_positions() -> None:
    rows = [
        PluginParameter(0, "Level", 0.25, "dB"),
        PluginParameter(1, "Level", 1.0),
        PluginParameter(2, "Wave", 0.5, choices=("Sine", "Saw", "Square")),
    ]
    level, other, wave = ParameterTable(rows).engine_parameters()
    assert (level.name, other.name, wave.name) == ("Level #0", "Level #1", "Wave")
    assert (level.default, level.unit) == (0.25, "dB")
    assert wave.describe(0.5) == "Saw"
    assert wave.from_unit(wave.default) == 0.5


def test_names_alone_have_the_labels_of_the_table() -> None:
    assert labels_of(["Cutoff", "Tune", "", "Tune"]) == ("Cutoff", "Tune #1", "#2", "Tune #3")
