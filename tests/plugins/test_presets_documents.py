"""Presets that are documents: Vital's JSON and the TOML patches of the built-in synthesizer."""

import dataclasses
import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.preset_files import PATCH, VITAL
from tsumami.engine import ParameterError
from tsumami.plugins import CATEGORIES, PARAMETERS, TAG_PAIRS, load_bank, positions_of
from tsumami.plugins.builtin.bank import BANK_PATH
from tsumami.plugins.presets import Preset, patch, vital

NAMES = st.text(st.characters(codec="utf-8"), max_size=20)


def test_vital_says_what_it_is() -> None:
    (preset,) = vital.decode(VITAL, "a.vital")
    assert (preset.name, preset.synth, preset.author, preset.category) == ("Glass", "Vital", "Ada", "Keys")
    assert dict(preset.settings) == {"macro1": "Bright", "osc_1_level": 0.5, "volume": 5000.0}
    assert dict(preset.unknown) == {"synth_version": '"1.5.5"'}


@given(
    name=NAMES.filter(bool),
    author=NAMES,
    level=st.floats(allow_nan=False, allow_infinity=False),
    macro=NAMES,
)
def test_vital_reads_back_as_it_was_written(name: str, author: str, level: float, macro: str) -> None:
    (read,) = vital.decode(VITAL, "a.vital")
    settings = {**read.settings, "osc_1_level": level, "macro1": macro}
    edited = dataclasses.replace(read, name=name, author=author, settings=settings)
    written = vital.encode([edited])
    (again,) = vital.decode(written, "b.vital")
    assert (again.name, again.author, dict(again.settings)) == (name, author, settings)
    assert json.loads(written)["settings"]["lfos"] == []


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (VITAL[:-1], "must be a JSON document"),
        (b"[1]", "must be a JSON object, got a list"),
        (b'{"settings": 1}', "must have settings"),
        (b'{"settings": {"a": NaN}}', "the number NaN"),
        (b'{"settings": {"a": 1' + b"0" * 400 + b"}}", "a must be a finite number"),
        (b'{"settings": ' + b"[" * 100_000, "nested too deep|must be a JSON document"),
    ],
)
def test_a_broken_document_of_vital_is_refused(data: bytes, rule: str) -> None:
    with pytest.raises(ParameterError, match=rule):
        vital.decode(data, "a.vital")


@st.composite
def patches(draw: st.DrawFn, name: str) -> Preset:
    chosen = draw(st.sets(st.sampled_from(PARAMETERS)))
    given = {
        parameter.name: draw(
            st.sampled_from(parameter.choices)
            if parameter.choices
            else st.floats(parameter.minimum, parameter.maximum)
        )
        for parameter in chosen
    }
    defaults = {row.name: row.choices[int(row.default)] if row.choices else row.default for row in PARAMETERS}
    tags = draw(st.sets(st.sampled_from([pair[0] for pair in TAG_PAIRS])))
    return Preset(
        name,
        "patch",
        "Tsumami",
        "",
        category=draw(st.sampled_from(CATEGORIES)),
        tags=tuple(sorted(tags)),
        settings={**defaults, **given},
        filled=tuple(row.name for row in PARAMETERS if row.name not in given),
    )


@given(st.lists(NAMES, min_size=1, max_size=3, unique=True), st.data())
def test_patches_read_back_as_they_were_written(names: list[str], data: st.DataObject) -> None:
    bank = [data.draw(patches(name)) for name in names]
    read = patch.decode(patch.encode(bank), "bank.toml")
    for preset, again in zip(bank, read, strict=True):
        assert (again.name, again.category, again.tags) == (preset.name, preset.category, preset.tags)
        assert dict(again.settings) == dict(preset.settings)
        assert again.filled == preset.filled
        assert list(again.positions.values()) == positions_of(preset.settings).tolist()


def test_the_shipped_bank_reads_as_the_synthesizer_reads_it() -> None:
    presets = patch.decode(BANK_PATH.read_bytes(), str(BANK_PATH))
    for preset, played in zip(presets, load_bank(), strict=True):
        assert (preset.name, preset.category, set(preset.tags)) == (played.name, played.category, played.tags)
        assert list(preset.positions.values()) == played.values.tolist()
    assert tomllib.loads(patch.encode(presets).decode()) == _sorted_tags(
        tomllib.loads(BANK_PATH.read_text("utf-8"))
    )


def _sorted_tags(bank: dict[str, list[dict[str, list[str]]]]) -> dict[str, list[dict[str, list[str]]]]:
    return {"patch": [{**table, "tags": sorted(table["tags"])} for table in bank["patch"]]}


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (
            PATCH.replace(b"320", b"3"),
            r"patch 1 \(Rubber\): cutoff must be a number in 20 to 18000 Hz, got 3",
        ),
        (PATCH.replace(b"cutoff", b"cut_off"), "got 'cut_off'"),
        (PATCH[:-4], "must be a TOML bank"),
        (b"patch = [1]", "patch 1 must be a table, got 1"),
        (b"patch = " + b"[" * 100_000, "nested too deep"),
    ],
)
def test_a_broken_patch_is_refused(data: bytes, rule: str) -> None:
    with pytest.raises(ParameterError, match=rule):
        patch.decode(data, "bank.toml")


def test_presets_of_others_are_no_patches() -> None:
    with pytest.raises(ParameterError, match="preset must be one of Tsumami, got 'Glass' of Vital"):
        patch.encode(vital.decode(VITAL, "a.vital"))
