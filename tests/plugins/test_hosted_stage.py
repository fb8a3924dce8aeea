"""A hosted plugin's stage: what is heard when answers come in time, late, wrong or never."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.answered_stage import AnsweredStage, Audio
from tsumami.engine import EVENT_DTYPE, Kind, event
from tsumami.engine.events import effect_index

_BLOCK = 64
_FADE = 480
_CROSS = 144


@contextlib.contextmanager
def _stage(**settings: Any) -> Iterator[AnsweredStage]:
    stage = AnsweredStage(_BLOCK, **settings)
    try:
        yield stage
    finally:
        stage.close()


def _tone(start: int, frames: int) -> Audio:
    """300 Hz at half scale, from a sample on; both channels, the right one half as loud."""
    wave = 0.5 * np.sin(2 * np.pi * 300 / 48000 * np.arange(start, start + frames))
    return np.stack([wave, 0.5 * wave]).astype(np.float32)


_STEP = 0.5 * 2 * np.pi * 300 / 48000 * 1.01
"""The largest step between two samples of the tone."""


def _play_answered(stage: AnsweredStage, blocks: int) -> Audio:
    """Blocks whose requests are answered with the tone before the next."""
    parts = []
    for _ in range(blocks):
        parts.append(stage.play(_BLOCK))
        for position, frames in stage.requests():
            stage.answer(position, _tone(position, frames))
    return np.concatenate(parts, axis=1)


def _play_unanswered(stage: AnsweredStage, blocks: int) -> Audio:
    return np.concatenate([stage.play(_BLOCK) for _ in range(blocks)], axis=1)


@given(st.lists(st.integers(1, _BLOCK), min_size=1, max_size=12))
def test_answers_in_time_are_heard_one_block_later_whatever_the_blocks(sizes: list[int]) -> None:
    parts = []
    with _stage() as stage:
        for size in sizes:
            parts.append(stage.play(size))
            for position, frames in stage.requests():
                stage.answer(position, _tone(position, frames))
        assert stage.memory.meters["late"] == 0
    played = np.concatenate(parts, axis=1)
    expected = np.concatenate([np.zeros((2, _BLOCK), np.float32), _tone(0, played.shape[1])], axis=1)
    np.testing.assert_array_equal(played, expected[:, : played.shape[1]])


def test_a_missing_answer_is_held_for_a_block_and_then_fades_to_silence() -> None:
    with _stage() as stage:
        before = _play_answered(stage, 40)
        after = _play_unanswered(stage, 12)
        late = int(stage.memory.meters["late"])
    whole = np.concatenate([before, after], axis=1)
    gone = 41 * _BLOCK  # one block is still on its way when the answers stop
    assert late == 11
    assert np.abs(np.diff(whole)).max() < _STEP + 0.5 / _FADE, "no step is larger than the sound's own"
    held = whole[:, gone : gone + _BLOCK]
    np.testing.assert_array_equal(held, whole[:, gone - 2 : gone - 2 - _BLOCK : -1], "the end, mirrored")
    assert np.abs(whole[:, gone + _BLOCK : gone + _BLOCK + _FADE // 2]).max() > 0.1
    assert not whole[:, gone + _BLOCK + _FADE :].any()


def test_a_late_answer_is_dropped_and_nothing_drifts() -> None:
    with _stage() as stage:
        _play_answered(stage, 20)
        stage.play(_BLOCK)
        (late_request,) = stage.requests()
        replaced = stage.play(_BLOCK)  # its answer should have been here by now
        stage.answer(late_request[0], _tone(*late_request))
        for position, frames in stage.requests():
            stage.answer(position, _tone(position, frames))
        after = _play_answered(stage, 20)
        assert stage.memory.meters["late"] == 1
        start = int(stage.memory.meters["asked"]) - after.shape[1] - _BLOCK
    assert np.abs(replaced).max() > 0.1, "something is heard in its place"
    settled = after[:, _CROSS:]
    expected = _tone(start + _CROSS, settled.shape[1])
    np.testing.assert_allclose(settled, expected, atol=1e-6)  # the fade's last weight is 1 to rounding


def test_sound_that_comes_back_fades_in() -> None:
    with _stage() as stage:
        _play_answered(stage, 10)
        _play_unanswered(stage, 20)
        stage.requests()
        back = _play_answered(stage, 20)
    assert np.abs(np.diff(back)).max() < _STEP + 0.5 / _CROSS
    assert np.abs(back[:, -_BLOCK:]).max() > 0.3


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 16.0])
def test_a_sound_that_is_none_is_refused_and_with_it_that_process(wrong: float) -> None:
    with _stage() as stage:
        _play_answered(stage, 10)
        stage.play(_BLOCK)
        ((position, frames),) = stage.requests()
        sound = _tone(position, frames)
        sound[1, 10] = wrong
        stage.answer(position, sound)
        bad = np.concatenate([_play_answered(stage, 20)], axis=1)
        assert stage.memory.meters["refused"] == 1
        assert stage.memory.meters["refused_generation"] == 1
        stage.generation = 2
        good = _play_answered(stage, 20)
    assert np.isfinite(bad).all()
    assert np.abs(bad).max() <= 0.5
    assert not bad[:, -_BLOCK:].any(), "what that process says now counts no more"
    assert np.abs(good[:, -_BLOCK:]).max() > 0.1, "what the next one says does"


def test_just_under_24_db_over_full_scale_is_still_a_sound() -> None:
    with _stage() as stage:
        stage.play(_BLOCK)
        stage.answer(0, np.full((2, _BLOCK), 15.8, np.float32))
        assert stage.play(_BLOCK).max() == np.float32(15.8)
        assert stage.memory.meters["refused"] == 0


def test_a_dead_effect_fades_to_the_dry_sound_at_the_same_delay() -> None:
    delay = _BLOCK + 100
    with _stage(place=0, latency_samples=100) as stage:
        assert stage.stage.latency_samples == delay
        dry = [stage.play(_BLOCK, _tone(block * _BLOCK, _BLOCK)) for block in range(40)]
    heard = np.concatenate(dry, axis=1)
    settled = _BLOCK + _BLOCK + _FADE + 1
    np.testing.assert_array_equal(heard[:, settled:], _tone(settled - delay, heard.shape[1] - settled))


def test_an_effect_gets_its_input_and_an_instrument_none() -> None:
    with _stage(place=0) as effect, _stage() as instrument:
        for stage in (effect, instrument):
            stage.play(_BLOCK, _tone(0, _BLOCK))
        np.testing.assert_array_equal(effect.asked_input(_BLOCK), _tone(0, _BLOCK))
        assert instrument.asked_input(_BLOCK).shape[1] == 0


def test_bypass_is_the_dry_sound_delayed_as_the_effect_delays_it() -> None:
    with _stage(place=1, latency_samples=30) as stage:
        heard = []
        for block in range(30):
            events = event(Kind.BYPASS, 1, 1.0, time=0) if block == 10 else event(Kind.BYPASS, 0, 1.0, time=0)
            heard.append(stage.play(_BLOCK, _tone(block * _BLOCK, _BLOCK), events))
            for position, frames in stage.requests():
                stage.answer(position, -_tone(position - 30, frames))  # what it does: turn the sound over
    whole = np.concatenate(heard, axis=1)
    delay = _BLOCK + 30
    switched = 10 * _BLOCK
    np.testing.assert_array_equal(whole[:, delay:switched], -_tone(0, switched - delay))
    assert np.abs(np.diff(whole[:, delay:])).max() < 2 * _STEP + 1.0 / _CROSS, "no click when it is switched"
    settled = switched + _CROSS + 1
    np.testing.assert_allclose(
        whole[:, settled:], _tone(settled - delay, whole.shape[1] - settled), atol=1e-6
    )


def test_each_plugin_gets_its_own_events_with_their_positions() -> None:
    sent = np.concatenate([
        event(Kind.NOTE_ON, 60, 0.5, time=3),
        event(Kind.PARAMETER, 7, 0.25, time=4),
        event(Kind.EFFECT, effect_index(1, 9), 0.75, time=5),
        event(Kind.GAIN, value=0.5, time=6),
        event(Kind.MACRO, 1, 0.5, time=6),
    ])  # fmt: skip
    with _stage() as instrument, _stage(place=0) as other, _stage(place=1) as effect:
        got = {}
        for name, stage in (("instrument", instrument), ("other", other), ("effect", effect)):
            stage.play(10)
            stage.play(20, events=sent)
            got[name] = stage.memory.ring("events").pop()
    kinds = [(item["time"], item["kind"], item["index"], item["value"]) for item in got["instrument"]]
    assert kinds == [(13, Kind.NOTE_ON, 60, 0.5), (14, Kind.PARAMETER, 7, 0.25)]
    assert len(got["other"]) == 0
    assert [(item["time"], item["kind"], item["index"]) for item in got["effect"]] == [
        (15, Kind.PARAMETER, 9)
    ]


def test_events_that_are_lost_are_made_up_for_by_a_release_of_all_notes() -> None:
    with _stage() as stage:
        ring = stage.memory.ring("events")
        crowd = np.zeros(1000, EVENT_DTYPE)
        crowd["kind"] = Kind.NOTE_ON
        for _ in range(5):
            stage.play(_BLOCK, events=crowd)
        assert stage.memory.meters["lost_events"] == 5000 - ring.capacity
        ring.pop()
        stage.play(_BLOCK)
        assert ring.pop()["kind"].tolist() == [Kind.ALL_NOTES_OFF]


def test_nobody_answering_never_holds_the_stage_up() -> None:
    with _stage(place=0) as stage:
        blocks = 2 * stage.memory.ring("requests").capacity
        loud = np.full((2, _BLOCK), 0.5, np.float32)
        heard = [stage.play(_BLOCK, loud) for _ in range(blocks)]
        assert stage.memory.meters["asked"] == blocks * _BLOCK
        assert len(stage.memory.ring("requests")) <= stage.memory.ring("requests").capacity
    assert (heard[-1] == 0.5).all()


def test_a_process_that_is_known_to_be_away_or_loading_is_not_blamed() -> None:
    with _stage() as stage:
        stage.memory.meters["is_up"] = 0
        _play_unanswered(stage, 5)
        stage.memory.meters["is_up"], stage.memory.meters["is_loading"] = 1, 1
        _play_unanswered(stage, 5)
        assert stage.memory.meters["late"] == 0


def test_a_new_stage_goes_on_where_the_last_one_stopped() -> None:
    with _stage() as stage:
        _play_answered(stage, 5)
        again = AnsweredStage.__new__(AnsweredStage)
        again.__dict__.update(stage.__dict__)
        again.stage = type(stage.stage)(stage.stage._settings)
        again.stage.prepare(48000.0, _BLOCK)
        played = _play_answered(again, 5)
    assert not played[:, :_BLOCK].any()
    np.testing.assert_array_equal(played[:, _BLOCK:], _tone(5 * _BLOCK, 4 * _BLOCK))
