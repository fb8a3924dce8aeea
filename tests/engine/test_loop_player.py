"""The loop player: what plays never stops, and changes at the bar line alone, without a click."""

import threading
import time

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.allocations import allocations
from tests.engine.loops_model import tiny_loops
from tsumami.engine.events import NO_EVENTS, Events, Kind, event
from tsumami.engine.loops.controls import LoopControl, LoopSettings
from tsumami.engine.loops.loop_thread import LoopThread
from tsumami.engine.loops.outline import outline
from tsumami.engine.loops.player import LoopPlayer
from tsumami.engine.meter_block import MeterBlock
from tsumami.engine.stage import run_stage

Audio = npt.NDArray[np.float32]

RATE = 8000
BPM = 240.0
BAR = 8000
FADE = 160
"""20 ms."""


def player(**wanted: object) -> LoopPlayer:
    options = {"bpm": BPM, "level_db": 0.0, "model": tiny_loops(), **wanted}
    made = LoopPlayer(LoopSettings(**options))  # type: ignore[arg-type]
    made.prepare(RATE, 512)
    return made


def ask(control: LoopControl, value: float, time: int = 0) -> Events:
    return event(Kind.LOOP, control, value, time=time)


def play(stage: LoopPlayer, frames: int, events: Events = NO_EVENTS, block: int = 500) -> Audio:
    """The left side of so many frames; events come in the first block."""
    parts = []
    for begin in range(0, frames, block):
        told = events if begin == 0 else NO_EVENTS
        parts.append(run_stage(stage, min(block, frames - begin), told)[0])
    return np.concatenate(parts)


def test_it_goes_round_for_ever() -> None:
    stage = player()
    loop = stage.playing
    assert len(loop) == BAR
    np.testing.assert_allclose(play(stage, 3 * BAR), np.tile(loop, 3), atol=1e-6)


@pytest.mark.parametrize("block", [1, 64, 65, 333])
def test_any_block_size_gives_the_same_samples(block: int) -> None:
    def sound(size: int) -> Audio:
        stage = player()
        first = play(stage, 1000, ask(LoopControl.SEED, 9.0), size)
        assert stage.advance()
        return np.concatenate([first, play(stage, 2 * BAR, block=size)])

    np.testing.assert_array_equal(sound(block), sound(512))


def test_it_adds_itself_to_what_passes() -> None:
    alone, beside = player(), player()
    rng = np.random.default_rng(0)
    passing = rng.standard_normal((2, 700)).astype(np.float32)
    np.testing.assert_allclose(
        run_stage(beside, 700, audio=passing), passing + run_stage(alone, 700), atol=1e-6
    )


@given(asked_at=st.integers(1, BAR - 1), made_after=st.integers(0, BAR))
@settings(max_examples=15)
def test_another_seed_begins_at_the_bar_line(asked_at: int, made_after: int) -> None:
    stage = player()
    before = stage.playing
    heard = [play(stage, asked_at), play(stage, 1 + made_after, ask(LoopControl.SEED, 9.0))]
    assert stage.advance()
    heard.append(play(stage, 3 * BAR))
    sound = np.concatenate(heard)
    line = -(-(asked_at + 1 + made_after) // BAR) * BAR
    np.testing.assert_allclose(sound[:line], np.tile(before, line // BAR), atol=1e-6)
    after = stage.playing
    assert not np.allclose(before, after)
    np.testing.assert_allclose(sound[line + FADE : line + BAR], after[FADE:], atol=1e-6)
    share = np.arange(FADE) / FADE
    mixed = (1 - share) * before[:FADE] + share * after[:FADE]
    np.testing.assert_allclose(sound[line : line + FADE], mixed, atol=1e-5)


def test_another_tempo_keeps_whole_bars() -> None:
    stage = player(bars=2)
    play(stage, 100, ask(LoopControl.TEMPO, 200.0))
    assert stage.advance()
    play(stage, BAR - 100)  # the first bar ends in the old tempo …
    assert stage["changes"] == 0
    play(stage, 1)
    assert stage["changes"] == 1
    assert len(stage.playing) == round(2 * 240 / 200 * RATE)
    assert stage["place"] == len(stage.playing) // 2 + 1  # … and the second begins in the new one


def test_a_tempo_change_while_a_loop_is_made_is_played_next() -> None:
    """The loop that was made for the tempo before is not taken: the newest one lies ready."""
    stage = player()
    play(stage, 100, ask(LoopControl.TEMPO, 200.0))
    assert stage.advance()
    play(stage, 100, ask(LoopControl.TEMPO, 160.0))
    assert stage.advance()
    play(stage, BAR)
    assert (stage["changes"], len(stage.playing)) == (1, 12_000)


def test_the_outer_clock_begins_the_bars() -> None:
    """A bar line of the clock that is not the loop's is jumped to, and the loop goes on from there."""
    stage = player()
    play(stage, 3000)
    in_seconds = 0.1
    told = ask(LoopControl.BAR, time.perf_counter_ns() + in_seconds * 1e9)
    run_stage(stage, 1, told)
    waits = int(stage["bar_in"])
    # The stage looked at the clock a moment later than this did.
    assert 0.5 * in_seconds * RATE < waits <= in_seconds * RATE
    play(stage, waits)
    heard = play(stage, BAR)
    np.testing.assert_allclose(heard[FADE:], stage.playing[FADE:], atol=1e-6)


def test_muted_it_is_silent_and_goes_on() -> None:
    stage = player()
    play(stage, 2000, ask(LoopControl.MUTE, 1.0))
    assert np.abs(play(stage, 500)).max() < 1e-6  # the level falls by e every 80 frames
    play(stage, 1500, ask(LoopControl.MUTE, 0.0))
    place = int(stage["place"])
    np.testing.assert_allclose(play(stage, 500), stage.playing[place : place + 500], atol=1e-5)


def test_alone_it_silences_the_rest_without_a_step() -> None:
    """What passes fades by e every 80 frames, and comes back so."""
    stage, alone = player(), player()
    passing = np.ones((2, BAR // 2), np.float32)

    def beside(value: float) -> Audio:
        heard = run_stage(stage, BAR // 2, ask(LoopControl.SOLO, value), audio=passing)
        return np.asarray(heard - run_stage(alone, BAR // 2), np.float32)

    for value in (1.0, 0.0):
        rest = beside(value)
        assert np.abs(np.diff(rest)).max() < 1.0 / 79
        np.testing.assert_allclose(rest[:, -100:], 1.0 - value, atol=1e-6)


def test_panic_silences_it_and_lets_the_rest_be_heard() -> None:
    stage = player()
    play(stage, 2000, ask(LoopControl.SOLO, 1.0))
    play(stage, 2000, event(Kind.ALL_SOUND_OFF, time=0))
    passing = np.full((2, 500), 0.5, np.float32)
    np.testing.assert_allclose(run_stage(stage, 500, audio=passing), passing, atol=1e-6)


def test_silence_is_no_error() -> None:
    """Whatever is wished, levels are finite."""
    stage = player(density=0.0, brightness=0.0)
    assert np.isfinite(play(stage, BAR)).all()


def test_playing_allocates_nothing() -> None:
    stage = player()
    few, many = (
        allocations(lambda blocks=blocks: play(stage, 64 * blocks, ask(LoopControl.LEVEL, 0.5), 64))
        for blocks in (1, 20)
    )
    assert few == many


def test_the_thread_makes_what_is_asked_while_it_plays() -> None:
    """Seeds are turned while it plays: every sample is finite, and the last seed is heard."""
    stage, meters = player(), MeterBlock.allocate()
    thread = LoopThread(stage, meters)
    thread.start()
    played = threading.Event()
    try:
        for seed in range(60):
            assert np.isfinite(play(stage, 400, ask(LoopControl.SEED, float(seed)))).all()
        while meters["loop_seed"] != 59:
            assert not played.wait(0.005)
            play(stage, 10)
    finally:
        thread.stop()
    play(stage, 2 * BAR)
    assert meters["loops_made"] >= 2
    assert stage.choice is not None
    np.testing.assert_array_equal(stage.playing, _alone(59))


def _alone(seed: int) -> Audio:
    return player(seed=seed).playing


def test_what_sounds_and_what_waits_for_the_bar_line_is_told() -> None:
    stage, meters = player(seed=3), MeterBlock.allocate()
    thread = LoopThread(stage, meters)
    play(stage, 64, ask(LoopControl.SEED, 5.0))
    thread.advance()
    sounds, waits = int(meters["loop_sounds"]), int(meters["loop_waits"])
    assert (meters["loop_slot_seeds"][sounds], meters["loop_slot_seeds"][waits]) == (3, 5)
    assert meters["loop_place"] == 64 / BAR
    np.testing.assert_array_equal(meters["loop_outlines"][sounds], outline(stage.playing))
    play(stage, BAR)
    thread.advance()
    assert (meters["loop_sounds"], meters["loop_waits"]) == (waits, -1)


@given(st.integers(256, 3000), st.integers(0, 2999))
def test_an_outline_shows_every_sample(frames: int, place: int) -> None:
    loop = np.zeros(frames, np.float32)
    loop[place % frames] = -1.0
    lowest, highest = outline(loop)
    assert lowest.min() == -127
    assert (lowest < 0).sum() == 1
    assert not highest[lowest == 0].any()
