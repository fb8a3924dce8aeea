"""Snapshots, undo and redo, and what is kept against a crash."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.mapping import Positions, Target, targets_of
from tsumami.bridge.mapping.address import addresses_of
from tsumami.bridge.mapping.command import Command, command_of, index_of, morph_index, morph_of
from tsumami.bridge.session.session import Session
from tsumami.bridge.state import Snapshot, State
from tsumami.bridge.state.files import read_state, write_state
from tsumami.bridge.state.history import GESTURE_NS, STEPS, History
from tsumami.bridge.state.state import _within
from tsumami.engine.errors import SessionError
from tsumami.engine.events import EVENT_DTYPE, Events, Kind, effect_index, event
from tsumami.engine.loops.controls import LoopControl

PARAMETERS = ["cutoff", "pan", "drive"]
POSITIONS = st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3)


class Stage:
    """A state over an instrument of three parameters and an effect of two."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parameters = np.zeros(3)
        self.has_model = True
        self.ends: tuple[dict[int, float], dict[int, float]] = ({}, {})
        self.told: list[str] = []
        self.played: list[Events] = []
        self.positions = Positions(self.parameters)
        self.positions.put(Kind.BYPASS, 0, 0.0)
        effects = {"Delay": ("mix", "time")}
        targets = targets_of(Session(), macros=["bright"], parameters=PARAMETERS, effects=effects)
        self.targets = addresses_of(targets)
        self.state = State(
            self.targets,
            self.positions,
            play=self._play,
            instrument=self,
            show=lambda _: None,
            tell=self.told.append,
            snapshots=folder / "show.snapshots.json",
            autosave=folder / "autosave" / "show.json",
        )
        self.state.sound = "Pad"

    def _play(self, events: Events) -> None:
        self.played.append(events)
        self.positions.note(events)

    def load(self, rows: Mapping[int, float]) -> None:
        for row, value in rows.items():
            self.parameters[row] = value

    def morph_between(self, first: Mapping[int, float], second: Mapping[int, float]) -> bool:
        self.ends = (dict(first), dict(second))
        return self.has_model

    def morph(self, share: float) -> None:
        """A latent that is bent: what is half-way in it is a quarter of the way in the parameters."""
        first, second = self.ends
        self.load({row: (1 - share**2) * first[row] + share**2 * second[row] for row in first})

    def turn(self, *positions: float) -> None:
        """Move parameters, after a rest."""
        self.state._history._moved_ns -= GESTURE_NS
        rows = [(-1, 0, value, row, int(Kind.PARAMETER), 0) for row, value in enumerate(positions)]
        self.state.note(np.array(rows, EVENT_DTYPE))
        self.parameters[: len(positions)] = positions

    def do(self, command: Command, slot: int = 0) -> str:
        """What it says of a command."""
        self.told.clear()
        self.state.do(index_of(command, slot))
        return "; ".join(self.told)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@given(st.sampled_from(Command), st.integers(0, 128))
def test_a_command_and_its_slot_are_one_index(command: Command, slot: int) -> None:
    assert command_of(index_of(command, slot)) == (command, slot)


@given(st.lists(POSITIONS, min_size=1, max_size=8))
def test_every_step_is_undone_and_redone(tmp_path_factory: Any, places: list[list[float]]) -> None:
    stage = Stage(tmp_path_factory.mktemp("state"))
    passed = [stage.parameters.copy()]
    for place in places:
        stage.turn(*place)
        passed.append(stage.parameters.copy())
    for before in passed[-2::-1]:
        assert stage.do(Command.UNDO) == "undo (Pad)"
        np.testing.assert_array_equal(stage.parameters, before)
    assert stage.do(Command.UNDO) == "nothing to undo"
    for after in passed[1:]:
        assert stage.do(Command.REDO) == "redo (Pad)"
        np.testing.assert_array_equal(stage.parameters, after)
    assert stage.do(Command.REDO) == "nothing to redo"


def test_a_gesture_is_one_step_and_a_hundred_are_kept() -> None:
    history = History()
    assert [history.begins(ns) for ns in (0, 10, GESTURE_NS, 2 * GESTURE_NS + 1, 10 * GESTURE_NS)] == [
        True, False, False, True, True
    ]  # fmt: skip
    for number in range(STEPS + 50):
        history.add(Snapshot(str(number), {}))
    now = Snapshot("now", {})
    sounds = []
    while (before := history.undo(now)) is not None:
        sounds.append(before.sound)
    assert len(sounds) == STEPS >= 100
    assert sounds[0] == str(STEPS + 49)


def test_what_is_moved_anew_cannot_be_redone(stage: Stage) -> None:
    stage.turn(0.5)
    stage.do(Command.UNDO)
    stage.turn(0.7)
    assert stage.do(Command.REDO) == "nothing to redo"


@given(POSITIONS, POSITIONS)
def test_a_snapshot_comes_back_whole_and_can_be_undone(
    tmp_path_factory: Any, first: list[float], second: list[float]
) -> None:
    stage = Stage(tmp_path_factory.mktemp("state"))
    stage.turn(*first)
    stage.positions.put(Kind.EFFECT, effect_index(0, 1), 0.25)
    assert stage.do(Command.STORE, 7) == "snapshot 7 stored (Pad)"
    stage.turn(*second)
    stage.positions.note(event(Kind.EFFECT, effect_index(0, 1), 0.75))
    assert stage.do(Command.RECALL, 7) == "snapshot 7 (Pad)"
    np.testing.assert_array_equal(stage.parameters, first)
    assert stage.positions(stage.targets["/tsumami/effect/Delay/parameter/time"]) == 0.25
    stage.do(Command.UNDO)
    np.testing.assert_array_equal(stage.parameters, second)


def test_what_is_locked_is_left_alone(stage: Stage) -> None:
    stage.turn(0.1, 0.2, 0.3)
    stage.do(Command.STORE, 1)
    stage.state.lock("/tsumami/parameter/pan", True)
    stage.turn(0.5, 0.6, 0.7)
    stage.do(Command.RECALL, 1)
    assert stage.parameters.tolist() == [0.1, 0.6, 0.3]
    stage.state.lock("/tsumami/parameter/pan", False)
    stage.do(Command.RECALL, 1)
    assert stage.parameters.tolist() == [0.1, 0.2, 0.3]
    with pytest.raises(ValueError, match="what is locked must be a parameter or bypass, got /tsumami/gain"):
        stage.state.lock("/tsumami/gain", True)


def test_a_morph_goes_through_the_latent_or_straight_and_is_one_step(stage: Stage) -> None:
    for slot, place in ((1, (0.0, 0.2, 0.4)), (2, (1.0, 0.2, 0.8))):
        stage.turn(*place)
        stage.do(Command.STORE, slot)
    stage.turn(0.5, 0.5, 0.5)
    stage.positions.put(Kind.EFFECT, effect_index(0, 0), 0.1)
    stage.state._history._moved_ns -= GESTURE_NS
    for share in (0.1, 0.5):
        stage.state.morph(morph_index(1, 2), share)
    np.testing.assert_allclose(stage.parameters, [0.25, 0.2, 0.5])
    stage.state.morph(morph_index(1, 2, is_straight=True), 0.5)
    np.testing.assert_allclose(stage.parameters, [0.5, 0.2, 0.6])
    stage.has_model = False
    for share, place in ((0.0, (0.0, 0.2, 0.4)), (1.0, (1.0, 0.2, 0.8))):
        stage.state.morph(morph_index(1, 2), share)
        np.testing.assert_allclose(stage.parameters, place)
    stage.do(Command.UNDO)
    np.testing.assert_allclose(stage.parameters, [0.5, 0.5, 0.5])
    stage.told.clear()
    stage.state.morph(morph_index(1, 9), 0.5)
    assert stage.told == ["no snapshot 9 to morph with"]


@given(st.integers(1, 128), st.integers(1, 128), st.booleans())
def test_a_morph_is_one_index(first: int, second: int, is_straight: bool) -> None:
    assert morph_of(morph_index(first, second, is_straight=is_straight)) == (first, second, is_straight)


def test_two_states_are_compared_to_and_fro(stage: Stage) -> None:
    stage.turn(0.1)
    assert stage.do(Command.COMPARE) == "this state is kept to compare with"
    stage.turn(0.9)
    for expected in (0.1, 0.9, 0.1):
        assert stage.do(Command.COMPARE) == "the other state (Pad)"
        assert stage.parameters[0] == expected


def test_snapshots_outlive_the_session_and_tell_what_is_gone(stage: Stage) -> None:
    stage.turn(0.5)
    stage.do(Command.STORE, 3)
    path = stage.folder / "show.snapshots.json"
    kept = read_state(path)
    kept.slots[3].positions["/tsumami/parameter/gone"] = 0.5
    write_state(path, kept)
    again = Stage(stage.folder)
    said = again.do(Command.RECALL, 3)
    assert said == "snapshot 3 (Pad); without 1 that are not here, such as /tsumami/parameter/gone"
    assert again.parameters[0] == 0.5
    assert again.do(Command.RECALL, 4) == "no snapshot 4: there are 3"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "must be snapshots of this version"),
        ('{"slots": {"0": {"sound": "", "positions": {}}}}', "must have slots 1-128, got 0"),
        ('{"slots": {"1": {"sound": "", "places": {}}}}', "must be snapshots of this version"),
        (
            '{"slots": {"1": {"sound": "", "positions": {"/a": 7}}}}',
            "must be snapshots of this version",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_left_alone_and_the_show_goes_on(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "show.snapshots.json"
    path.write_text(text)
    with pytest.raises(SessionError, match=reason):
        read_state(path)
    stage = Stage(tmp_path)
    assert reason in stage.told[0]
    stage.do(Command.STORE, 1)
    assert path.read_text() == text
    assert 1 in read_state(tmp_path / "show.snapshots-2.json").slots


def _texts(folder: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_what_a_newer_version_has_left_is_resumed_and_kept(stage: Stage) -> None:
    stage.turn(0.1, 0.2, 0.3)
    stage.do(Command.STORE, 1)
    stage.state.keep()
    newer = {path: text.replace('state": 1', 'state": 2') for path, text in _texts(stage.folder).items()}
    for path, text in newer.items():
        path.write_text(text)
    again = Stage(stage.folder)
    assert "snapshots of a newer version: 1 are understood" in again.told[0]
    again.state.resume()
    assert again.parameters.tolist() == [0.1, 0.2, 0.3]
    again.turn(0.4)
    again.do(Command.STORE, 2)
    again.state.keep()
    assert "where another version of Tsumami ended is kept in" in again.told[-1]
    texts = _texts(stage.folder).values()
    assert all(text in texts for text in newer.values())
    assert len(texts) == 2 * len(newer)


def test_where_it_ended_is_where_it_goes_on(stage: Stage) -> None:
    stage.turn(0.1, 0.2, 0.3)
    stage.state.keep()
    stage.turn(0.4, 0.5, 0.6)
    stage.state.keep()  # a moment later: not yet written down
    again = Stage(stage.folder)
    again.state.resume()
    assert again.told == ["resumed (Pad)"]
    assert again.parameters.tolist() == [0.1, 0.2, 0.3]


def test_a_folder_that_cannot_be_written_is_told_once(stage: Stage) -> None:
    (stage.folder / "autosave").touch()
    for _ in range(3):
        stage.turn(0.1)
        stage.state._saved_at -= 1.0
        stage.state.keep()
    assert [
        said for said in stage.told if "snapshots must be in a file that can be written" in said
    ] == stage.told
    assert len(stage.told) == 1


def test_panic_reaches_every_channel(stage: Stage) -> None:
    stage.do(Command.PANIC)
    (events,) = stage.played
    assert set(events["channel"][events["kind"] == Kind.ALL_SOUND_OFF].tolist()) == set(range(16))
    assert np.count_nonzero(events["kind"] == Kind.PANIC) == 1
    positions = Positions(np.zeros(1))
    positions.note(events)
    assert positions(Target(Kind.LOOP, LoopControl.MUTE)) == 1.0, "it is told where the loop's switch stands"


def test_chance_moves_what_is_not_locked_and_one_undo_goes_back(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.turn(0.1, 0.5, 0.9)
    stage.state.lock("/tsumami/parameter/pan", is_locked=True)
    before = stage.parameters.tolist()
    for _ in range(50):
        before = stage.parameters.tolist()
        assert stage.do(Command.RANDOMISE) == "moved by chance (Pad); undo goes back"
        cutoff, pan, drive = stage.parameters
        assert pan == 0.5
        assert (cutoff, drive) != (before[0], before[2])
        assert 0.0 <= min(cutoff, drive) <= max(cutoff, drive) <= 1.0
    stage.do(Command.UNDO)
    assert stage.parameters.tolist() == pytest.approx(before)


@given(st.floats(-3.0, 4.0))
def test_what_goes_beyond_an_end_comes_back_as_far(position: float) -> None:
    assert 0.0 <= _within(position) <= 1.0
    assert _within(position) == pytest.approx(_within(-position))
    if 0.0 <= position <= 1.0:
        assert _within(position) == pytest.approx(position)
