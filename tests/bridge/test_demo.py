from importlib.resources import files
from io import BytesIO

import numpy as np

from tsumami.bridge.demo import demo_performance
from tsumami.bridge.demo.composition import BARS, TEMPO_BPM, compose
from tsumami.bridge.session.session import MACRO_NAMES
from tsumami.engine.events import Kind

RATE = 48000
DEMO = demo_performance(MACRO_NAMES, RATE)
EVENTS, LENGTH = DEMO.events, DEMO.length
CENTRE = 64 / 127


def test_committed_file_is_what_the_composition_makes() -> None:
    made = BytesIO()
    compose().save(file=made)
    assert (files("tsumami.bridge.demo") / "demo.mid").read_bytes() == made.getvalue()


def test_loop_is_as_long_as_its_bars() -> None:
    assert abs(LENGTH - BARS * 4 * 60 / TEMPO_BPM * RATE) < 0.001 * RATE
    assert 40 <= LENGTH / RATE <= 60
    assert EVENTS["time"].min() == 0
    assert EVENTS["time"].max() < LENGTH


def test_each_key_is_struck_when_up_and_all_are_up_at_the_seam() -> None:
    down: set[int] = set()
    most = 0
    for event in EVENTS:
        if event["kind"] == Kind.NOTE_ON:
            assert int(event["index"]) not in down
            down.add(int(event["index"]))
            most = max(most, len(down))
        elif event["kind"] == Kind.NOTE_OFF:
            down.remove(int(event["index"]))
    assert not down
    assert 4 < most <= 10  # leaves voices of 16 for releases


def test_knobs_start_and_end_at_the_centre() -> None:
    knobs = EVENTS[EVENTS["kind"] == Kind.MACRO]
    for macro in range(8):
        mine = knobs[knobs["index"] == macro]
        assert mine["time"][0] == 0
        assert mine["value"][0] == mine["value"][-1] == CENTRE
        assert mine["value"].max() > 0.9


def test_knobs_come_before_the_first_note() -> None:
    first_note = np.flatnonzero(EVENTS["kind"] == Kind.NOTE_ON)[0]
    assert set(EVENTS["index"][:first_note]) >= set(range(8))
    assert (EVENTS["kind"][:first_note] == Kind.MACRO).all()


def test_knobs_are_shown_one_after_another_then_together() -> None:
    knobs = EVENTS[(EVENTS["kind"] == Kind.MACRO) & (EVENTS["value"] != CENTRE)]
    alone = knobs[knobs["time"] < LENGTH * 20 / 24]
    together = knobs[knobs["time"] >= LENGTH * 20 / 24]
    order = [int(macro) for macro in alone["index"]]
    assert order == sorted(order)
    assert set(order) == set(range(8))
    assert {0, 1, 2} <= set(together["index"].tolist())


def test_knobs_move_in_small_steps() -> None:
    knobs = EVENTS[EVENTS["kind"] == Kind.MACRO]
    steps = [np.abs(np.diff(knobs["value"][knobs["index"] == macro])).max() for macro in range(8)]
    assert max(steps) <= 5 / 127


def test_knobs_follow_the_names_of_the_model() -> None:
    events = demo_performance(["wide", "bright"], RATE).events
    knobs = events[events["kind"] == Kind.MACRO]
    own = EVENTS[EVENTS["kind"] == Kind.MACRO]
    for here, there in ((0, MACRO_NAMES.index("wide")), (1, MACRO_NAMES.index("bright"))):
        np.testing.assert_array_equal(
            knobs["value"][knobs["index"] == here], own["value"][own["index"] == there]
        )
    assert set(knobs["index"].tolist()) == {0, 1}


def test_same_music_at_another_sample_rate() -> None:
    double = demo_performance(MACRO_NAMES, 2 * RATE)
    assert abs(double.length - 2 * LENGTH) <= 1
    np.testing.assert_array_equal(double.events["index"], EVENTS["index"])
    np.testing.assert_allclose(double.events["time"], 2 * EVENTS["time"], atol=1)
