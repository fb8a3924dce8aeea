"""Presets of Diva: keys become parameters, gaps have defaults, and only what changes is written."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.preset_files import H2P, h2p_text
from tsumami.engine import ParameterError
from tsumami.plugins.presets import Preset, diva, h2p, paired_tags

CONTINUOUS = [key for key in diva.KEYS if key.kind == "continuous"]
NUMBERED = [key for key in diva.KEYS if key.kind in ("continuous", "discrete")]


def read(text: str) -> Preset:
    (preset,) = h2p.decode(text.encode("latin-1"), "BS Pluck.h2p")
    return preset


def test_every_key_sets_its_parameter() -> None:
    preset = read(h2p_text())
    assert tuple(preset.settings) == diva.PARAMETERS
    assert dict(preset.settings) == {key.parameter: key.default for key in diva.KEYS}
    unranged = {key.parameter for key in diva.KEYS if key.kind == "unranged"}
    assert set(preset.positions) == set(diva.PARAMETERS) - unranged
    assert len(diva.PARAMETERS) == len(set(diva.PARAMETERS)) == 279


def test_a_preset_is_described_by_its_head() -> None:
    preset = read(h2p_text())
    assert (preset.name, preset.synth, preset.author) == ("BS Pluck", "Diva", "Ada")
    assert (preset.category, preset.tags) == ("Bass:Plucks", ("moving", "bright"))


@given(st.sampled_from(NUMBERED), st.floats(0, 1))
def test_positions_run_from_the_minimum_to_the_maximum(key: diva.Key, position: float) -> None:
    raw = key.minimum + position * (key.maximum - key.minimum)
    preset = read(h2p_text({key.parameter: repr(raw)}))
    step = 0.0 if key.kind == "continuous" else 0.5 / (key.maximum - key.minimum)
    assert preset.positions[key.parameter] == pytest.approx(position, abs=step + 1e-9)
    assert not preset.clipped


@given(st.sampled_from(NUMBERED), st.floats(1.0, 1e6), st.booleans())
def test_a_value_out_of_range_is_clipped_and_named(key: diva.Key, beyond: float, is_below: bool) -> None:
    raw = key.minimum - beyond if is_below else key.maximum + beyond
    preset = read(h2p_text({key.parameter: repr(raw)}))
    assert preset.positions[key.parameter] == (0.0 if is_below else 1.0)
    assert preset.clipped == (key.parameter,)


@pytest.mark.parametrize(
    ("parameter", "text", "setting", "position"),
    [
        ("FX1: Module", "'Plate1'", "Plate1", 0.5),
        ("FX2: Module", "Rotary2", "Rotary2", 1.0),
        ("VCC: Voices", "16", 16.0, 1.0),
        ("VCC: Voices", "7 // between 6 and 8", 7.0, 4 / 7),
        ("LFO1: Sync", "-3", -3.0, 0.0),
        ("ENV1: Attack", '"48.00"', 48.0, 0.48),
    ],
)
def test_lists_quotes_and_comments_are_understood(
    parameter: str, text: str, setting: float | str, position: float
) -> None:
    preset = read(h2p_text({parameter: text}))
    assert preset.settings[parameter] == setting
    assert preset.positions[parameter] == pytest.approx(position)


@given(st.sets(st.sampled_from(diva.PARAMETERS), max_size=100))
def test_missing_keys_have_their_default_and_are_named(missing: set[str]) -> None:
    text = h2p_text(without=missing)
    preset = read(text)
    assert dict(preset.settings) == dict(read(h2p_text()).settings)
    assert set(preset.filled) == missing
    assert h2p.encode([preset]) == text.encode("latin-1")
    whole = read(h2p.encode([h2p.normalised(preset)]).decode("latin-1"))
    assert whole.filled == ()
    assert dict(whole.settings) == dict(preset.settings)


@given(
    st.dictionaries(st.from_regex(r"[A-Z][a-z]{3,6}9", fullmatch=True), st.sampled_from(["1", "x y", "-0.5"]))
)
def test_keys_that_are_not_known_are_kept_and_listed(strange: dict[str, str]) -> None:
    lines = "".join(f"{name}={value}\n" for name, value in strange.items())
    text = h2p_text().replace("#cm=ENV1\n", f"#cm=ENV1\n{lines}")
    preset = read(text)
    assert dict(preset.unknown) == {f"ENV1.{name}": value for name, value in strange.items()}
    assert h2p.encode([preset]) == text.encode("latin-1")


def test_a_value_that_is_not_understood_is_kept_and_the_default_taken() -> None:
    preset = read(h2p_text({"ENV1: Attack": "fast", "FX1: Module": "'Tape'"}))
    assert dict(preset.unknown) == {"ENV1.Atk": "fast", "FX1.Module": "Tape"}
    assert preset.filled == ("ENV1: Attack", "FX1: Module")


@given(st.dictionaries(st.sampled_from(CONTINUOUS), st.floats(-1e6, 1e6), min_size=1, max_size=5))
def test_a_changed_setting_changes_its_line_and_no_other(changes: dict[diva.Key, float]) -> None:
    preset = read(h2p_text())
    changed = {key.parameter: value for key, value in changes.items()}
    edited = dataclasses.replace(preset, settings={**preset.settings, **changed})
    written = h2p.encode([edited]).decode("latin-1")
    assert dict(read(written).settings) == dict(edited.settings)
    pairs = zip(h2p_text().splitlines(), written.splitlines(), strict=True)
    names = {old.split("=")[0] for old, new in pairs if old != new}
    assert names <= {key.key for key in changes}


def test_a_changed_description_is_written_and_read_again() -> None:
    preset = read(h2p_text())
    edited = dataclasses.replace(preset, author="Zoë", tags=("dark",), category="Pads", comment="two\nlines")
    again = read(h2p.encode([edited]).decode("latin-1"))
    assert (again.author, again.tags, again.category, again.comment) == (
        "Zoë",
        ("dark",),
        "Pads",
        "two\nlines",
    )


def test_presets_of_other_u_he_synths_keep_their_keys() -> None:
    preset = read("#AM=Zebra2\n#cm=ENV1\nAtk=2.00\nMode=slow\n")
    assert (preset.synth, dict(preset.settings)) == ("Zebra2", {"ENV1.Atk": 2.0, "ENV1.Mode": "slow"})
    assert not preset.positions


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (H2P[: len(H2P) // 4], "must be a whole preset of Diva|must be key=value"),
        (H2P.replace(b"Atk=", b"Atk ", 1), r"a\.h2p, line \d+ must be key=value, got 'Atk"),
        (H2P[:40], "must close its description"),
        (H2P.replace(b"#AM=Diva", b"#AM=\0Diva"), "got binary data"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "must be a text preset of u-he"),
        (b"", "must name its synthesizer"),
    ],
)
def test_a_file_that_is_cut_off_or_binary_is_refused(data: bytes, rule: str) -> None:
    with pytest.raises(ParameterError, match=rule):
        h2p.decode(data, "a.h2p")


def test_letters_that_the_format_has_not_are_refused() -> None:
    preset = dataclasses.replace(read(h2p_text()), author="つまみ")
    with pytest.raises(ParameterError, match="text of 'BS Pluck' must be Latin-1, got 'つ'"):
        h2p.encode([preset])


def test_tags_are_brought_to_pairs() -> None:
    assert paired_tags(("soft", "poly", "bright", "dark", "dirty")) == ("calm", "dirty")
