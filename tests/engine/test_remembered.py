"""What a restarted engine is told: it stands where the old one stood."""

import numpy as np

from tsumami.engine import Events, Kind, event
from tsumami.engine.remembered import RememberedState
from tsumami.engine.restoration.repair_control import RepairControl


def _moves(events: Events) -> list[tuple[int, float]]:
    chosen = events[events["kind"] == Kind.MACRO]
    return [(int(item["index"]), float(item["value"])) for item in chosen]


def test_a_knob_is_told_where_it_was_taken_over_and_where_it_stands() -> None:
    state = RememberedState(np.array([0.1, 0.2], np.float32))
    for position in (0.5, 0.9, 0.7):
        state.note(event(Kind.MACRO, 3, position))
    events = state.for_macros()
    assert _moves(events) == [(3, 0.5), (3, 0.7)]
    assert events["kind"][0] == Kind.PATCH, "the patch comes first: it takes the knobs over"


def test_a_patch_makes_the_present_position_the_reference() -> None:
    state = RememberedState(np.array([0.1, 0.2], np.float32))
    state.note(np.concatenate([event(Kind.MACRO, 0, 0.5), event(Kind.MACRO, 0, 0.9)]))
    state.load(np.array([0.3, 0.4], np.float32))
    assert _moves(state.for_macros()) == [(0, 0.9), (0, 0.9)]
    patch = state.for_macros()[:3]
    assert patch["index"].tolist() == [2, 0, 1]
    assert patch["value"][1:].tolist() == np.array([0.3, 0.4], np.float32).tolist()


def test_edits_and_gain_are_kept_and_notes_are_not() -> None:
    state = RememberedState(np.array([0.1, 0.2], np.float32))
    assert len(state.for_audio()) == 0
    state.note(np.concatenate([event(Kind.PARAMETER, 1, 0.75), event(Kind.GAIN, value=0.5)]))
    state.note(event(Kind.NOTE_ON, 60, 0.8))
    assert state.values.tolist() == np.array([0.1, 0.75], np.float32).tolist()
    assert state.for_audio()["value"].tolist() == [0.5]
    assert not np.isin(Kind.NOTE_ON, state.for_macros()["kind"])


def test_what_a_repair_was_asked_for_and_dimensions_are_kept() -> None:
    state = RememberedState(np.array([0.1, 0.2], np.float32))
    state.note(event(Kind.REPAIR, RepairControl.ON, 0.0))
    state.note(np.concatenate([event(Kind.LATENT, 7, 0.5), event(Kind.LATENT, 7, 0.9)]))
    assert state.for_audio()[["kind", "index", "value"]].tolist() == [(Kind.REPAIR, RepairControl.ON, 0.0)]
    moves = state.for_macros()
    assert moves["value"][moves["kind"] == Kind.LATENT].tolist() == [0.5, 0.9]
