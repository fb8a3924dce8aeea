from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.session.page import session_page
from tsumami.bridge.session.session import (
    MACRO_NAMES,
    Map,
    Session,
    check_names,
    load_session,
    parse_session,
    session_document,
    session_of,
)
from tsumami.bridge.session.tables import TABLES
from tsumami.bridge.session.toml_lines import key_lines
from tsumami.engine.errors import SessionError
from tsumami.engine.models import SHIPPED

ROOT = Path(__file__).parents[2]
FILE = Path("s.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[device]\nblock_size = 8", "^s.toml:2: device.block_size must be .* at least 16, got 8$"),
        ("[device]\nsample_rate = 1", "s.toml:2: device.sample_rate must be .* at least 8000, got 1$"),
        ("\n[device]\nblock_size = 'x'", "s.toml:3: device.block_size must be a whole number, got 'x'"),
        ("[device]\nblock_size = 128.5", "s.toml:2: device.block_size must be a whole number, got 128.5"),
        ("[midi]\nvirtual = 1", "s.toml:2: midi.virtual must be true or false, got 1"),
        ("[midi]\ninputs = [3]", r"s.toml:2: midi.inputs\[0\] must be a string, got 3"),
        ("[midi]\ninputs = ['']", r"s.toml:2: midi.inputs\[0\] must be a string that is not empty, got ''"),
        ("[midi]\napi = 'oss'", "s.toml:2: midi.api must be one of alsa, auto, .*, got 'oss'"),
        ("[output]\ngain_db = nan", "s.toml:2: output.gain_db must be a number .*, got nan"),
        ("device = 3", "s.toml:1: device must be a table, got 3"),
        (
            "[device]\n\nblok_size = 1",
            ":3: field of device must be .*'blok_size'; did you mean block_size",
        ),
        ("speed = 3", "s.toml:1: table must be one of device, .*, got 'speed'"),
        (
            "[[map]]\ncc = 1\nmacro = 'bright'\n[[map]]\nmacro = 'wide'",
            r":4: map\[1\] must be exactly one of cc, nrpn, .*, got 0 of them",
        ),
        ("[[map]]\ncc = 1\nnrpn = 5\ngain = true", r"map\[0\] must be exactly one of cc, nrpn, .*, got 2"),
        ("[[map]]\ncc = 40\nbits = 14\ngain = true", r"14 bits with a cc of 0-31 only, .* CC 40"),
        (
            "[[map]]\nbend = true\ntakeover = 'relative'\ngain = true",
            r"takeover relative with a cc of 7 bits only, got it with bend",
        ),
        ("[[map]]\nrpn = 16383\ngain = true", r"map\[0\].rpn must be a whole number of at most 16382"),
        ("[[map]]\ncc = 1", r"s.toml:1: map\[0\] must be exactly one of macro, .*, got 0"),
        (
            "[[map]]\ncc = 1\nmacro = 'bright'\ngain = true",
            r"map\[0\] must be exactly one of .*, got 2",
        ),
        ("[[map]]\ncc = 64\ngain = true", r"map\[0\] must be a map of a cc other than 64"),
        ("[[map]]\ncc = 120\ngain = true", r"s.toml:2: map\[0\].cc must be a whole number of at most 119"),
        (
            "map = [{cc = 1, gain = true}, {cc = 'a'}]",
            r":1: map\[1\].cc must be a whole number, got 'a'",
        ),
        ("[[send]]\nparameter = 'cutoff'\ncc = 74\nhigh = 1.5", r":4: send\[0\].high must be .* at most 1"),
        ("[[send]]\ncc = 74", r"s.toml:1: send\[0\] must have the field 'parameter', got none"),
        (
            "[[send]]\nparameter = 'cutoff'\ncc = 74\nchannel = 0",
            r":4: send\[0\].channel must be .* at least 1",
        ),
        ("[midi]\noutput = ''", "s.toml:2: midi.output must be a string that is not empty, got ''"),
        ("[device\n", r"s.toml:1:8: session must be TOML: expected ']'"),
        ("[device]\nname = '''open", r"s.toml:2:\d+: session must be TOML"),
        ("[device]\nname = 'a'\nname = 'b'", r"s.toml:3:\d+: session must be TOML: cannot overwrite a value"),
    ],
)
def test_mistake_is_refused_with_line_field_and_rule(text: str, message: str) -> None:
    with pytest.raises(SessionError, match=message) as caught:
        parse_session(text, FILE)
    assert "\n" not in str(caught.value)


def test_empty_file_is_the_default_session() -> None:
    assert parse_session("", FILE) == load_session(None) == Session()


def test_default_knobs_are_the_eight_macros_and_the_wheel() -> None:
    knobs = {entry.cc: entry.macro for entry in Session().maps}
    assert knobs == {**{20 + index: name for index, name in enumerate(MACRO_NAMES)}, 1: "moving"}


def test_maps_of_a_file_replace_the_default_ones() -> None:
    assert parse_session("map = []", FILE).maps == []
    assert parse_session("[[map]]\ncc = 3\ngain = true", FILE).maps == [Map(cc=3, gain=True)]


def test_paths_are_relative_to_the_session_file(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(
        '[instrument]\nbank = "banks/my.toml"\n[macros]\nmodel = "m.onnx"\n[output]\nrecord = "/a/b.wav"\n'
    )
    session = load_session(file)
    assert session.instrument.bank == str(tmp_path / "banks" / "my.toml")
    assert session.macros.model == str(tmp_path / "m.onnx")
    assert session.output.record == "/a/b.wav"


def test_models_that_ship_are_no_paths() -> None:
    for name in SHIPPED:
        assert parse_session(f'[macros]\nmodel = "{name}"', FILE).macros.model == name


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "s.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SessionError, match="session must be"):
        load_session(file)


def test_unknown_name_is_refused_with_line_and_suggestion(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('[instrument]\npatch = "Warm Pda"\n\n[[map]]\ncc = 9\nmacro = "brihgt"\n')
    session = load_session(file)
    with pytest.raises(SessionError, match=r"s.toml:2: instrument.patch must be .*did you mean Warm Pad\?"):
        check_names(session, macros=MACRO_NAMES, parameters=[], patches=["Bass", "Warm Pad"], path=file)
    with pytest.raises(SessionError, match=r"s.toml:6: map\[0\].macro must be .*did you mean bright\?"):
        check_names(session, macros=MACRO_NAMES, parameters=[], patches=["Warm Pda"], path=file)


def test_unknown_parameter_of_a_send_is_refused_with_line_and_suggestion(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('[[send]]\nparameter = "cutoff"\ncc = 74\n\n[[send]]\ncc = 71\nparameter = "resonanse"\n')
    session = load_session(file)
    with pytest.raises(SessionError, match=r"s.toml:7: send\[1\].parameter .*did you mean resonance\?"):
        check_names(session, macros=MACRO_NAMES, parameters=["cutoff", "resonance"], patches=[], path=file)


def test_two_parameters_on_one_control_are_refused() -> None:
    text = "[[send]]\nparameter = 'cutoff'\ncc = 74\n"
    names = {"macros": MACRO_NAMES, "parameters": ["cutoff"], "patches": []}
    check_names(parse_session(text + text + "channel = 2\n", FILE), **names)
    with pytest.raises(SessionError, match=r"send\[1\].cc must be another than that of send\[0\], got 74"):
        check_names(parse_session(text + text, FILE), **names)


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("", False),
        ("[instrument]\nkind = 'external'", True),
        ("[midi]\noutput = 'box'", True),
        ("[[send]]\nparameter = 'cutoff'\ncc = 74", True),
    ],
)
def test_what_goes_out_by_midi_is_asked_for(text: str, has: bool) -> None:
    assert parse_session(text, FILE).has_midi_output is has


def test_suggestions_come_nearest_first() -> None:
    session = parse_session("[[map]]\ncc = 9\nparameter = 'cutof'", FILE)
    with pytest.raises(SessionError, match=r"did you mean cutoff or cut mode\?"):
        check_names(session, macros=[], parameters=["cut mode", "pan", "cutoff"], patches=[])


def test_known_names_pass() -> None:
    check_names(Session(), macros=MACRO_NAMES, parameters=[], patches=[])


def test_document_round_trip() -> None:
    session = load_session(ROOT / "examples" / "live.toml")
    assert session_of(session_document(session)) == session
    with pytest.raises(SessionError, match="session of the log must be"):
        session_of({"device": {"block_size": "x"}})


def test_page_is_that_of_the_structs() -> None:
    assert (ROOT / "docs" / "session.md").read_text(encoding="utf-8") == session_page()


def test_examples_name_every_table_and_can_be_read() -> None:
    named = set()
    for path in (ROOT / "examples").glob("*.toml"):
        load_session(path)
        named |= {key[0] for key in key_lines(path.read_text(encoding="utf-8")).lines}
    assert named == set(TABLES)


_NAMES = st.text(alphabet="abcxyz_-", min_size=1, max_size=4)


@given(
    st.dictionaries(_NAMES, st.dictionaries(_NAMES, st.integers(), min_size=1), min_size=1), st.integers(0, 3)
)
def test_every_key_is_found_on_its_line(tables: dict[str, dict[str, int]], gap: int) -> None:
    lines: list[str] = []
    places: dict[tuple[str | int, ...], int] = {}
    for table, fields in tables.items():
        lines += ["# comment = 1"] * gap + [f"[{table}]  # [other]"]
        places[(table,)] = len(lines)
        for field, value in fields.items():
            lines.append(f"  {field} = {value}")
            places[(table, field)] = len(lines)
    found = key_lines("\n".join(lines))
    assert {path: found.line_of(path) for path in places} == places


def test_keys_in_a_long_string_are_not_keys() -> None:
    found = key_lines('[a]\nb = """\nc = 1\n[d]\n"""\nc = 2\n')
    assert found.line_of(("a", "c")) == 6
    assert found.line_of(("d",)) == 1


def test_dotted_and_quoted_keys() -> None:
    found = key_lines("a.b = 1\n\"c\".'d e' = 2\n[[x.y]]\nz = 1\n[[x.y]]\nz = 2\n")
    assert found.line_of(("a", "b")) == 1
    assert found.line_of(("c", "d e")) == 2
    assert found.line_of(("x", "y", 1, "z")) == 6
