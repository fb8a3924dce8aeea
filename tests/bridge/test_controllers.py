"""The controllers that are known by name."""

from pathlib import Path

import pytest

from tests.command import run_tsumami
from tsumami.bridge.controllers import controller_names, load_controller
from tsumami.bridge.learn import add_map
from tsumami.bridge.mapping import compile_mapping
from tsumami.bridge.session.session import MACRO_NAMES, Midi, Session, load_session
from tsumami.bridge.session.setup import set_up

MACROS = [{"macro": name} for name in MACRO_NAMES]


@pytest.mark.parametrize("name", controller_names())
def test_every_controller_moves_eight_macros_and_the_gain_without_a_clash(name: str) -> None:
    controller = load_controller(name)
    maps = controller.maps(MACROS)
    assert [entry.macro for entry in maps[:8]] == list(MACRO_NAMES)
    assert maps[8].gain
    assert len({entry.source for entry in maps}) == len(maps), "one task a knob"
    assert compile_mapping(Session(maps=maps), macros=MACRO_NAMES, parameters=()).table
    assert controller.name
    assert controller.set_up


def test_a_session_without_maps_has_those_of_its_controller() -> None:
    setup = set_up(Session(midi=Midi(controller="midimix")))
    assert [entry.cc for entry in setup.session.maps[:3]] == [16, 20, 24]
    assert setup.session.maps[0].takeover == "pickup"


def test_they_are_not_lost_when_a_map_is_added(tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    path.write_text('[midi]\ncontroller = "nanokontrol2"\n')
    assert add_map(path, {"cc": 16, "gain": True})
    own = load_controller("nanokontrol2").maps(MACROS)
    assert load_session(path).maps[:-1] == own[1:]


def test_an_unknown_controller_is_refused_with_those_that_are_known() -> None:
    done = run_tsumami("live", "--device", "null", "--seconds", "1", "--controller", "theremin")
    assert done.returncode == 2
    assert f"midi.controller must be one of {', '.join(controller_names())}, got 'theremin'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
