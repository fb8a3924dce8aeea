"""The repair of a live input: what came passes as it came, what did not is continued, whatever the blocks."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.allocations import allocations
from tests.engine.tone import Tone
from tests.waiting import until
from tsumami.engine import (
    InputSettings,
    Kind,
    MeterBlock,
    ModelError,
    Strip,
    StripSettings,
    event,
    input_frames,
)
from tsumami.engine.events import NO_EVENTS
from tsumami.engine.restoration.channel import LOUDEST
from tsumami.engine.restoration.concealer import CROSSFADE_SECONDS, FADE_SECONDS
from tsumami.engine.restoration.mix_model import NONE
from tsumami.engine.restoration.repair_control import HOLD_SECONDS
from tsumami.engine.restoration.repair_stage import RepairStage
from tsumami.engine.restoration.repair_state import MAX_ORDER
from tsumami.engine.restoration.repair_thread import RepairThread
from tsumami.engine.stage import run_stage

Audio = npt.NDArray[np.float32]
Gap = tuple[int, int]

_RATE = 48_000
_HEARD = 14_400
"""Frames before the first gap, more than a fit's context and than a plan needs."""
_FRAMES = 4_000
"""Frames in which the gaps are."""
_CROSSFADE = round(CROSSFADE_SECONDS * _RATE)
_GAPS = st.lists(st.tuples(st.integers(0, _FRAMES - 1), st.integers(1, 700)), max_size=6)
_CUTS = st.lists(st.integers(1, 900), max_size=12)


def _times(frames: int = _HEARD + _FRAMES) -> npt.NDArray[np.float64]:
    return np.arange(frames) / _RATE


def _music(frames: int = _HEARD + _FRAMES) -> Audio:
    """Two chords with overtones, one on each side, and a little noise."""
    times, rng = _times(frames), np.random.default_rng(3)
    sides = []
    for root in (220.0, 277.18):
        notes = [root * step * overtone for step in (1, 1.26, 1.5) for overtone in (1, 2, 3, 4)]
        sides.append(sum(np.sin(2 * np.pi * note * times + note) * 20 / note for note in notes))
    return (np.array(sides) / 4 + rng.normal(0, 1e-4, (2, frames))).astype(np.float32)


def _sine(hz: float, frames: int = _HEARD + _FRAMES) -> Audio:
    return np.tile(0.5 * np.sin(2 * np.pi * hz * _times(frames)), (2, 1)).astype(np.float32)


def _stage(rate: float = _RATE) -> RepairStage:
    stage = RepairStage()
    stage.prepare(rate, 8192)
    return stage


def _planned(stage: RepairStage) -> RepairStage:
    """Ready for a gap on either side."""
    assert stage.fit()
    assert [stage.plan(), stage.plan()] == [True, True]
    return stage


def _is_lost(frames: int, gaps: Sequence[Gap]) -> npt.NDArray[np.bool_]:
    lost = np.zeros(frames, bool)
    for start, length in gaps:
        lost[start : start + length] = True
    return lost


def _blocks(frames: int, cuts: list[int]) -> Iterator[tuple[int, int]]:
    ends = np.minimum(np.cumsum([*cuts, frames]), frames)
    yield from ((int(a), int(b)) for a, b in zip([0, *ends], ends, strict=False) if b > a)


def _play(stage: RepairStage, audio: Audio, gaps: Sequence[Gap] = (), cuts: Sequence[int] = ()) -> Audio:
    """``audio`` through the stage, zeros in the gaps, in blocks that are cut so."""
    frames = audio.shape[1]
    lost = _is_lost(frames, gaps)
    source = np.where(lost, np.float32(0.0), audio)
    edges = np.flatnonzero(np.diff(lost, prepend=False, append=False)).reshape(-1, 2)
    played = []
    for begin, end in _blocks(frames, list(cuts)):
        inside = [(max(a, begin), min(b, end)) for a, b in edges if a < end and b > begin]
        told = [event(Kind.LOST, value=float(b - a), time=a - begin) for a, b in inside]
        events = np.concatenate(told) if told else NO_EVENTS
        played.append(run_stage(stage, end - begin, events, source[:, begin:end]))
    return np.concatenate(played, axis=1)


def _repaired(
    audio: Audio,
    gaps: Sequence[Gap],
    cuts: Sequence[int] = (),
    *,
    is_planned: bool = True,
    model: str | None = None,
) -> Audio:
    """What comes after the first frames, which are heard and fitted."""
    stage = RepairStage(model)
    stage.prepare(_RATE, 8192)
    _play(stage, audio[:, :_HEARD])
    if is_planned:
        _planned(stage)
    else:
        assert stage.fit()
    return _play(stage, audio[:, _HEARD:], gaps, cuts)


@settings(max_examples=25)
@given(_GAPS, _CUTS, st.booleans())
def test_blocks_make_no_difference_to_a_single_bit(
    gaps: list[Gap], cuts: list[int], is_planned: bool
) -> None:
    audio = _music()
    cut, whole = (_repaired(audio, gaps, some, is_planned=is_planned) for some in (cuts, []))
    np.testing.assert_array_equal(cut, whole)


@settings(max_examples=25)
@given(_GAPS, st.booleans())
def test_what_came_passes_bit_for_bit_but_for_the_crossfade(gaps: list[Gap], is_planned: bool) -> None:
    audio = _music()
    output = _repaired(audio, gaps, is_planned=is_planned)
    lost = _is_lost(_FRAMES, gaps)
    mixed = np.array([lost[max(i - _CROSSFADE, 0) : i].any() for i in range(_FRAMES)])
    whole = ~lost & ~mixed
    np.testing.assert_array_equal(output[:, whole], audio[:, _HEARD:][:, whole])
    if lost[_FRAMES // 2] and not lost.all():
        assert output[:, lost].any()


_NASTY = {
    "noise": np.random.default_rng(1).uniform(-1, 1, (2, _HEARD + _FRAMES)),
    "loud noise": np.random.default_rng(1).uniform(-1e6, 1e6, (2, _HEARD + _FRAMES)),
    "DC": np.ones((2, _HEARD + _FRAMES)),
    "silence": np.zeros((2, _HEARD + _FRAMES)),
    "impulse": np.eye(1, _HEARD + _FRAMES, _HEARD - 5).repeat(2, axis=0),
    "square": np.sign(np.sin(2 * np.pi * 100 * _times())) * np.ones((2, 1)),
    "denormals": np.full((2, _HEARD + _FRAMES), 1e-40),
    "swelling": np.exp(_times() * 20) * np.sin(2 * np.pi * 440 * _times()) * np.ones((2, 1)),
}


@settings(max_examples=40)
@given(st.sampled_from(sorted(_NASTY)), _GAPS, st.sampled_from([np.nan, np.inf, -np.inf, 0.0]), st.booleans())
def test_the_continuation_is_bounded_by_what_was_heard(
    name: str, gaps: list[Gap], bad: float, is_planned: bool
) -> None:
    audio = _NASTY[name].astype(np.float32)
    audio[0, 1000:_HEARD:777] = bad
    output = _repaired(audio, gaps, is_planned=is_planned)
    loudest = np.abs(np.where(np.isfinite(audio), audio, 0.0)).max()
    assert np.isfinite(output).all()
    # A few steps of float32 for the rounding of the mean in the crossfade.
    assert np.abs(output).max(initial=0.0) <= LOUDEST * loudest * (1 + 1e-6)


def test_bad_samples_outside_a_gap_pass_and_are_not_remembered() -> None:
    audio = _music()
    audio[:, _HEARD + 50] = np.nan
    output = _repaired(audio, [(100, 200)])
    assert np.isnan(output[:, 50]).all()
    assert np.isfinite(np.delete(output, 50, axis=1)).all()


@pytest.mark.parametrize("hz", [60.0, 440.0, 3000.0, 15_000.0])
def test_a_sine_goes_on(hz: float) -> None:
    audio, gap = _sine(hz), (1000, round(0.02 * _RATE))
    missing = slice(gap[0], sum(gap))
    error = (_repaired(audio, [gap]) - audio[:, _HEARD:])[:, missing]
    # A fit that assumes noise 40 dB below lets a tone fade by a few percent in that time.
    assert 10 * np.log10((error**2).mean() / 0.125) < -22


@given(st.lists(st.tuples(st.integers(0, _FRAMES - 1), st.integers(1, 200)), max_size=3))
@settings(max_examples=10)
def test_plain_weights_without_an_echo_change_nothing(gaps: list[Gap]) -> None:
    """The filters of all bands add up to none."""
    audio = _music()
    planned, late = (_repaired(audio, gaps, is_planned=some, model=NONE) for some in (True, False))
    np.testing.assert_allclose(planned, late, atol=1e-5)  # some steps of float32, through a recursion


@pytest.mark.parametrize("model", [None, NONE])
def test_what_was_played_before_is_played_again(model: str | None) -> None:
    """Noise, which no autoregression foresees, but which comes in a loop."""
    loop = np.random.default_rng(8).normal(0, 0.1, (2, 12_000)).astype(np.float32)
    audio, gap = np.tile(loop, 6), (700, 400)
    stage = RepairStage(model)
    stage.prepare(_RATE, 8192)
    _play(stage, audio[:, :36_000])
    _planned(stage)
    missing = slice(700, 1100)
    truth = audio[:, 36_000:40_000]
    error = (_play(stage, truth, [gap]) - truth)[:, missing]
    assert 10 * np.log10((error**2).sum() / (truth[:, missing] ** 2).sum()) < -6
    assert (stage["gaps"], stage["late"]) == (1, 0)


def test_the_model_weighs_what_is_played() -> None:
    audio, gaps = _music(), [(500, 600)]
    mixed, plain = (_repaired(audio, gaps, model=model) for model in (None, NONE))
    assert (mixed[:, 500:1100] != plain[:, 500:1100]).any()
    np.testing.assert_array_equal(mixed[:, :500], plain[:, :500])


def test_a_gap_whose_plan_comes_late_does_without_and_is_counted() -> None:
    audio, stage = _music(48_000), _stage()
    _play(stage, audio[:, :_HEARD], [(_HEARD - 100, 100)])
    assert (stage["gaps"], stage["late"]) == (1, 1), "nothing was planned yet"
    _play(stage, audio[:, :_HEARD])
    _planned(stage)
    latest = stage["latest"]
    _play(stage, audio[:, : latest + 100], [(latest - 200, 10)])
    assert (stage["gaps"], stage["late"]) == (2, 1)
    _play(stage, audio[:, :500], [(0, 100)])
    assert (stage["gaps"], stage["late"]) == (3, 2), "the plan is too old"


def test_a_model_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="model file must be readable"):
        RepairStage(tmp_path / "missing.onnx")


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 96_000, 192_000])
def test_every_rate_is_continued(rate: int) -> None:
    times = np.arange(rate) / rate
    audio = np.tile(0.5 * np.sin(2 * np.pi * 440 * times), (2, 1)).astype(np.float32)
    stage, gap = _stage(rate), round(0.01 * rate)
    _play(stage, audio[:, : rate // 2])
    stage.fit()
    output = _play(stage, audio[:, rate // 2 :], [(77, gap)])
    error = (output - audio[:, rate // 2 :])[:, 77 : 77 + gap]
    assert 10 * np.log10((error**2).mean() / 0.125) < -22
    assert stage["orders"].max() <= MAX_ORDER


def test_a_long_gap_fades_to_silence_and_comes_back_mixed() -> None:
    audio = _sine(440.0, 48_000)
    hold, fade = round(HOLD_SECONDS * _RATE), round(FADE_SECONDS * _RATE)
    gap = (100, hold + fade + 2000)
    output = _repaired(audio, [gap])
    levels = [np.abs(output[:, 100 + at : 100 + at + 480]).max() for at in (0, hold + fade // 2, hold + fade)]
    assert levels[0] == pytest.approx(0.5, rel=0.02)
    assert 0.0 < levels[1] < 0.26, "less than half of it, as two autoregressions drift apart"
    assert levels[2] == 0.0
    back = sum(gap)
    expected = audio[:, _HEARD + back : _HEARD + back + _CROSSFADE]
    ramp = np.arange(1, _CROSSFADE + 1) / (_CROSSFADE + 1)
    np.testing.assert_allclose(output[:, back : back + _CROSSFADE], expected * ramp, atol=1e-7)


@pytest.mark.parametrize("truth", [1, 20, 70, _CROSSFADE])
def test_crumbs_of_truth_between_losses_make_no_clicks(truth: int) -> None:
    """They play on where truth is a quarter and more, and fade where it is next to nothing."""
    audio, stage, block = _sine(440.0, 40_000), _stage(), 128
    gaps = [(start, 200) for start in range(_HEARD, 40_000, 200 + truth)]
    lost = _is_lost(40_000, gaps)
    played = []
    for begin in range(0, 40_000, block):
        inside = [(int(at), 1) for at in np.flatnonzero(lost[begin : begin + block])]
        played.append(_play(stage, audio[:, begin : begin + block], inside))
        stage.fit()
    output = np.concatenate(played, axis=1)
    # The crumbs themselves, mixed with a continuation that has faded, rise steeper than the sine.
    assert np.abs(np.diff(output)).max() < 4 * np.abs(np.diff(audio)).max()
    last = np.abs(output[:, 35_000:36_000]).max()
    assert last > 0.4 if truth >= 70 else last < 0.2


def test_before_anything_is_heard_there_is_no_gap() -> None:
    stage, audio = _stage(), _music()
    output = _play(stage, audio, [(0, 1000)])
    assert not output[:, :1000].any()
    np.testing.assert_array_equal(output[:, 1000:], audio[:, 1000:])
    assert (stage["gaps"], stage["repaired"]) == (0, 0)


def test_gaps_are_counted_however_they_are_cut() -> None:
    stage = _stage()
    hold, fade = round(HOLD_SECONDS * _RATE), round(FADE_SECONDS * _RATE)
    _play(stage, _sine(440.0, 48_000), [(1000, 300), (1310, 40), (20_000, hold + fade + 5)], [100] * 300)
    assert (stage["gaps"], stage["longest"]) == (3, hold + fade + 5)
    assert stage["repaired"] == 340 + hold + fade


def test_a_fit_is_of_truth_where_there_is_some() -> None:
    stage, audio = _stage(), _music()
    assert not stage.fit(), "nothing was heard"
    _play(stage, audio[:, :_HEARD])
    assert stage.fit()
    assert not stage.fit(), "nothing is new"
    _play(stage, audio[:, :1000], [(900, 100)])
    assert stage["fit_age"] == 900
    assert not stage.fit(), "the newest is not the truth"
    _play(stage, audio[:, : _CROSSFADE - 1])
    assert stage.fit(), "the last fit is old, so the first truth will do"
    _play(stage, audio[:, :110], [(0, 10)])
    assert stage.fit(), "the gap is over"
    _play(stage, audio[:, :20], [(0, 10)])
    assert not stage.fit(), "too soon after the gap"


def test_reset_forgets_what_was_heard() -> None:
    stage, audio = _stage(), _music()
    _play(stage, audio)
    _planned(stage)
    stage.reset()
    assert not _play(stage, audio, [(0, 500)])[:, :500].any()


def test_the_audio_thread_allocates_nothing() -> None:
    stage, audio = _stage(), _music()
    _play(stage, audio)
    _planned(stage)
    assert allocations(lambda: _play(stage, audio, [(100, 300), (450, 3)], [128] * 100)) == 0


def test_fits_change_hands_while_gaps_are_played() -> None:
    """Two threads at once for a while: no gap is played by half a fit."""
    stage, meters, audio = _stage(), MeterBlock.allocate(), _music(48_000)
    thread = RepairThread(stage, meters)
    thread.start()
    try:
        worst = 0.0

        def has_fitted_often() -> bool:
            nonlocal worst
            output = _play(stage, audio, [(at, 128) for at in range(2000, 48_000, 1280)], [128] * 375)
            worst = max(worst, float(np.abs(output[:, 2000:]).max()))
            return bool(meters["repair_fits"] >= 20 and meters["repair_plans"] >= 2)

        until(has_fitted_often, [])
    finally:
        thread.stop()
    assert worst <= LOUDEST * np.abs(audio).max()
    assert meters["repair_gaps"] == stage["gaps"]
    assert meters["repair_late"] == stage["late"]
    assert meters["repair_plan_load"].sum() == meters["repair_plans"]
    assert meters["repair_samples"] == stage["repaired"]
    assert meters["repair_longest_samples"] == 128
    assert meters["repair_load"].sum() == meters["repair_fits"]


def test_the_strip_repairs_what_its_ring_has_lost() -> None:
    stage = RepairStage()
    strip = Strip(Tone(), StripSettings(input=InputSettings(source="ring")), input_stages=[stage])
    audio = _music()
    frames = input_frames(np.ascontiguousarray(audio.T))
    lost = slice(_HEARD + 500, _HEARD + 628)
    frames["is_lost"][lost] = True
    frames["left"][lost] = frames["right"][lost] = 0.0
    strip.input.push(frames)
    output = [strip.run(_HEARD)]
    stage.fit()
    output.append(strip.run(_FRAMES))
    heard = np.concatenate(output).T
    error = (heard - audio)[:, lost]
    assert 10 * np.log10((error**2).sum() / (audio[:, lost] ** 2).sum()) < -15
    assert strip.input_latency_samples == 0
