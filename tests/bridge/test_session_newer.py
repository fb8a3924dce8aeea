"""Files of a newer version: what is understood is played, the rest is told and kept."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.learn import add_map
from tsumami.bridge.session.map_tables import Map
from tsumami.bridge.session.newer import understood
from tsumami.bridge.session.session import load_session, parse_session, session_document
from tsumami.bridge.session.setup import set_up
from tsumami.bridge.session.tables import VERSION, Session
from tsumami.bridge.state.files import is_ours, read_state
from tsumami.engine.errors import SessionError

NEWER = """version = 2
[device]
block_size = 64
spatial = "dome"

[hologram]
on = true

[[map]]
cc = 20
warp = "left"

[[map]]
cc = 21
macro = "bright"
takeover = "magnet"

[[map]]
gesture = "wave"
macro = "wide"

[[map]]
cc = 22
macro = "shimmer"

[[map]]
cc = 23
gain = true
"""
FILE = Path("show.toml")


def test_what_is_understood_of_a_newer_session_is_played_and_the_rest_is_told_with_its_line() -> None:
    told: list[str] = []
    session = parse_session(NEWER, FILE, told.append)
    assert session.device.block_size == 64
    bright, shimmer = Map(cc=21, macro="bright"), Map(cc=22, macro="shimmer")
    assert session.maps == [bright, shimmer, Map(cc=23, gain=True)]
    assert told[0] == "show.toml: session must be of version 1 to be understood whole, got 2"
    places = {line.split(" must be")[0] for line in told[1:]}
    assert places == {
        "show.toml:4: field of device",
        "show.toml:6: table",
        "show.toml:11: field of map[0]",
        "show.toml:9: map[0]",
        "show.toml:16: map[1].takeover",
        "show.toml:19: field of map[2]",
        "show.toml:18: map[2]",
    }
    assert all(line.endswith("; left out") for line in told[1:])
    setup = set_up(session)
    assert setup.session.maps == [bright, Map(cc=23, gain=True)]
    (left_out,) = setup.left_out
    assert left_out.startswith("the map of CC 22 is left out: macro must be one of bright,")


def test_where_nobody_is_told_and_in_a_session_of_this_version_it_is_refused() -> None:
    with pytest.raises(SessionError, match=r"show.toml:\d+: (field|table)"):
        parse_session(NEWER, FILE)
    with pytest.raises(SessionError, match=r"show.toml:\d+: (field|table)"):
        parse_session(NEWER.replace("version = 2", "version = 1"), FILE, pytest.fail)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
    ),
    max_leaves=4,
)


@given(
    st.dictionaries(
        st.sampled_from(["device", "input", "midi", "map", "loop", "effects", "send", "later"]), anything
    ),
    st.lists(st.fixed_dictionaries({"cc": anything}, optional={"macro": anything, "later": anything})),
)
def test_whatever_a_newer_session_holds_something_is_played(
    document: dict[str, Any], maps: list[Any]
) -> None:
    told: list[str] = []
    document = {"map": maps, **document, "version": VERSION + 1}
    session = understood(document, "", FILE, told.append)
    assert isinstance(session, Session)
    assert session.version == VERSION + 1
    assert msgspec.convert(session_document(session), Session) == session


def test_a_knob_is_learned_into_a_newer_session_beside_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    path.write_text(NEWER)
    assert add_map(path, {"cc": 40, "macro": "wide"})
    assert path.read_text().startswith(NEWER)
    assert load_session(path, lambda _: None).maps[-1] == Map(cc=40, macro="wide")
    assert (tmp_path / "show-2.toml").read_text() == NEWER


def test_snapshots_of_a_newer_version_are_read_as_far_as_they_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "show.snapshots.json"
    whole = {"sound": "Pad", "positions": {"/tsumami/parameter/cutoff": 0.5}, "colour": "blue"}
    slots = {"1": whole, "2": {"sound": "Pad"}, "three": whole, "400": whole}
    document = {"tsumami_state": 2, "now": whole, "slots": slots, "locked": ["/a", 3], "later": 1}
    path.write_text(json.dumps(document))
    state = read_state(path)
    assert list(state.slots) == [1]
    assert state.now == state.slots[1]
    assert state.now is not None
    assert state.now.positions == {"/tsumami/parameter/cutoff": 0.5}
    assert state.locked == ["/a"]
    assert not is_ours(path)
