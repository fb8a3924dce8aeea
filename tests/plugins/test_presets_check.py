"""What a model would learn from a collection of presets, counted."""

import dataclasses
from collections.abc import Mapping, Set

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.preset_files import h2p_text
from tsumami.engine import ParameterError
from tsumami.plugins.presets import Preset, diva, h2p
from tsumami.plugins.presets.check import check_presets, synth_of
from tsumami.plugins.presets.parameter_lists import parameter_list

LISTS = {choice: parameter_list("Diva", choice, diva.PARAMETERS) for choice in ("16", "32")}


def preset(
    values: Mapping[str, str] = {}, without: Set[str] = frozenset(), tags: tuple[str, ...] = ()
) -> Preset:
    (read,) = h2p.decode(h2p_text(values, without).encode("latin-1"), "a.h2p")
    return dataclasses.replace(read, tags=tags)


@pytest.mark.parametrize("choice", LISTS)
def test_every_preset_of_diva_sets_the_papers_lists(choice: str) -> None:
    names = LISTS[choice]
    assert len(names) == int(choice)
    ranged = {key.parameter for key in diva.KEYS if key.kind != "unranged"}
    assert set(names) <= ranged
    check = check_presets([preset()], names)
    assert (check.presets, check.unset, check.filled, check.clipped) == (1, {}, 0, 0)
    assert check.still == names


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_presets_that_differ_are_counted(attacks: list[int]) -> None:
    presets = [preset({"ENV1: Attack": f"{attack}", "FX1: Module": "'Plate1'"}) for attack in attacks]
    check = check_presets(presets, LISTS["16"])
    assert check.presets == len(attacks)
    assert check.different == len(set(attacks))
    assert ("ENV1: Attack" in check.still) == (len(set(attacks)) == 1)


def test_gaps_ranges_tags_and_strangers_are_told() -> None:
    (stranger,) = h2p.decode(b"#AM=Zebra2\n#cm=ENV1\nAtk=2.00\n", "b.h2p")
    presets = [
        preset(tags=("bright", "poly")),
        preset({"ENV1: Attack": "120"}, tags=("bright", "dark", "soft")),
        preset(without={"ENV1: Decay", "OPT: Accuracy"}),
        preset(without={"OPT: Accuracy"}, tags=("poly",)),
        stranger,
    ]
    check = check_presets(presets, [*LISTS["16"], "VCC: TuningMode"])
    assert (check.synth, check.presets, check.others) == ("Diva", 4, {"Zebra2": 1})
    assert (check.filled, check.clipped, check.tagged) == (1, 1, 2)
    assert {side: count for side, count in check.sides.items() if count} == {"bright": 1, "calm": 1}
    assert len(check.sides) == 12
    assert check.unset == {"VCC: TuningMode": 4}


def test_no_presets_are_refused() -> None:
    with pytest.raises(ParameterError, match="presets must be at least one, got none"):
        synth_of([])
