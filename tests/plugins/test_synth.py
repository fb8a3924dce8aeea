"""The synthesizer as a stage: any block size, determinism, events, robustness."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.sounds import RATE, off, on, patch, play, raw, synth_with
from tsumami.engine.errors import ParameterError
from tsumami.engine.events import Events, Kind, event
from tsumami.plugins import PARAMETERS, BuiltinSynth, default_values, random_patch, render_patch

FRAMES = 3 * 8193

BUSY = patch(
    unison="4",
    detune=20.0,
    noise_level=0.2,
    fm_amount=0.1,
    chorus=0.5,
    reverb_mix=0.4,
    lfo1_depth=0.4,
    lfo2_depth=0.5,
    glide=0.05,
    resonance=0.6,
)


def a_performance() -> list[Events]:
    """Chords, a pedal, bends, moved parameters and a panic, at odd samples."""
    rng = np.random.default_rng(3)
    events = [on(0, 60), on(17, 64, 0.5), on(1000, 67), off(5000, 60), on(5001, 61)]
    events += [event(Kind.SUSTAIN, value=1.0, time=4000), event(Kind.SUSTAIN, value=0.0, time=9001)]
    events += [event(Kind.PITCH_BEND, value=-0.7, time=7003), event(Kind.PRESSURE, -1, 0.8, time=8005)]
    for row in range(0, 32, 3):
        events.append(event(Kind.PARAMETER, row, float(rng.random()), time=int(rng.integers(FRAMES))))
    events += [event(Kind.ALL_SOUND_OFF, time=15_000), on(15_010, 48), off(20_000, 48)]
    return events


@pytest.mark.parametrize("size", [1, 64, 65])
def test_any_block_size_gives_the_same_samples(size: int) -> None:
    blocks = [size] * (FRAMES // size) + [FRAMES % size] * (FRAMES % size > 0)
    whole = play(synth_with(BUSY), a_performance(), [8193, 8193, 8193])
    assert np.array_equal(play(synth_with(BUSY), a_performance(), blocks), whole)
    assert np.abs(whole).max() > 0.01


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=40), st.integers(0, 2**32 - 1))
def test_any_cut_of_the_time_line_gives_the_same_samples(sizes: list[int], seed: int) -> None:
    values = random_patch(np.random.default_rng(seed))
    events = [on(3, 50), on(100, 57), off(1500, 50), event(Kind.PARAMETER, 6, 0.9, time=777)]
    cut = play(synth_with(values), events, sizes)
    assert np.array_equal(cut, play(synth_with(values), events, [sum(sizes)]))


def test_reset_starts_over_with_the_same_parameters() -> None:
    synth = synth_with(BUSY)
    first = play(synth, [on(0, 60)], [4000])
    synth.reset()
    assert np.array_equal(play(synth, [on(0, 60)], [4000]), first)


def test_a_moved_parameter_survives_reset() -> None:
    synth = synth_with(default_values())
    play(synth, [event(Kind.PARAMETER, 6, 0.25, time=0)], [64])
    synth.reset()
    moved = default_values()
    moved[6] = 0.25
    again = play(synth, [on(0, 60)], [2000])
    assert np.array_equal(again, play(synth_with(moved), [on(0, 60)], [2000]))


def test_a_sent_parameter_arrives_where_it_was_sent() -> None:
    moved = raw()
    moved[6] = 0.5
    synth = synth_with(raw())
    play(synth, [event(Kind.PARAMETER, 6, 0.5, time=0)], [RATE])
    late = play(synth, [on(0, 60)], [16_000])
    fresh = play(synth_with(moved), [on(0, 60)], [16_000])
    assert np.allclose(late, fresh, atol=1e-6)


def test_silence_before_the_first_note_and_after_the_last() -> None:
    synth = synth_with(patch(amp_release=0.1, reverb_mix=0.5, reverb_time=0.5, chorus=0.5))
    out = play(synth, [on(1000, 60), off(9000, 60)], [10 * RATE])
    assert not out[:, :1000].any()
    assert out[:, 1000:1200].any()
    assert not out[:, 5 * RATE :].any()


def test_notes_sound_at_their_sample() -> None:
    for time in (0, 5, 16, 31):
        out = play(synth_with(raw()), [on(time, 72)], [256])
        first = int(np.flatnonzero(out[0])[0])
        assert time <= first <= time + 1


def test_broken_events_are_ignored() -> None:
    whole = play(synth_with(BUSY), [on(0, 60)], [4000])
    broken = [
        event(Kind.NOTE_ON, 128, 0.5, time=5),
        event(Kind.NOTE_ON, -4, 0.5, time=5),
        event(Kind.NOTE_ON, 64, float("nan"), time=6),
        event(Kind.PARAMETER, 6, float("nan"), time=7),
        event(Kind.PARAMETER, 6, float("inf"), time=7),
        event(Kind.PARAMETER, len(PARAMETERS), 0.3, time=8),
        event(Kind.PARAMETER, -1, 0.3, time=8),
        event(Kind.PITCH_BEND, value=float("-inf"), time=9),
        event(Kind.MACRO, 1, 0.5, time=9),
        event(Kind.SUSTAIN, value=float("nan"), time=10),
    ]
    assert np.array_equal(play(synth_with(BUSY), [on(0, 60), *broken], [4000]), whole)


def test_an_off_is_heard_whatever_its_value() -> None:
    broken = event(Kind.NOTE_OFF, 60, float("nan"), time=100)
    heard = play(synth_with(BUSY), [on(0, 60), broken], [4000])
    assert np.array_equal(heard, play(synth_with(BUSY), [on(0, 60), off(100, 60)], [4000]))


def test_a_number_that_breaks_inside_never_leaves() -> None:
    synth = synth_with(BUSY)
    play(synth, [on(0, 60)], [4000])
    synth._memory[0]["voices"]["left"][:] = np.nan
    synth._memory[0]["effects"]["line"][:] = np.inf
    assert np.isfinite(play(synth, [on(100, 64)], [4000])).all()
    healed = play(synth, [on(0, 67)], [4000])
    assert np.isfinite(healed).all()
    assert np.abs(healed).max() > 0.01


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=len(PARAMETERS), max_size=len(PARAMETERS)))
def test_every_corner_of_the_parameter_space_is_finite_and_bounded(corner: list[float]) -> None:
    values = np.array(corner, np.float32)
    out = play(synth_with(values), [on(0, 36, 1.0), on(0, 120, 1.0), off(3000, 36)], [6000])
    assert np.isfinite(out).all()
    assert np.abs(out).max() < 16.0


def test_the_default_patch_peaks_near_minus_12_dbfs() -> None:
    peak_db = 20 * np.log10(np.abs(render_patch(default_values(), velocity=0.8)).max())
    assert -14.0 < peak_db < -10.0


def test_low_and_high_sample_rates_play_the_same_note() -> None:
    for rate in (8_000, 22_050, 96_000, 192_000):
        out = play(synth_with(raw(osc1_wave="sine"), rate=rate), [on(0, 69)], [rate])[0]
        level = np.abs(np.fft.rfft(out * np.hanning(len(out))))
        assert abs(int(np.argmax(level)) - 440) <= 1


def test_rendering_is_deterministic_and_shaped_as_said() -> None:
    out = render_patch(BUSY)
    assert out.shape == (2, 88_200)
    assert out.dtype == np.float32
    assert np.array_equal(out, render_patch(BUSY))


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"note": 128}, "note must be in 0-127, got 128"),
        ({"velocity": 0.0}, "velocity must be above 0"),
        ({"hold_seconds": 5.0}, "hold_seconds must be above 0 and at most length_seconds"),
        ({"sample_rate": 1000}, "sample rate must be in"),
    ],
)
def test_bad_renders_are_refused(arguments: dict[str, float], rule: str) -> None:
    with pytest.raises(ParameterError, match=rule):
        render_patch(default_values(), **arguments)  # type: ignore[arg-type]


def test_bad_values_are_refused() -> None:
    synth = BuiltinSynth()
    with pytest.raises(ParameterError, match="must be 41 numbers in one row"):
        synth.set_parameters(np.zeros(3))
    wrong = default_values()
    wrong[6] = 1.5
    with pytest.raises(ParameterError, match="cutoff must be within 0-1, got 1"):
        synth.set_parameters(wrong)
    wrong[6] = np.nan
    with pytest.raises(ParameterError, match="cutoff must be within 0-1, got nan"):
        synth.set_parameters(wrong)
    with pytest.raises(ParameterError, match="polyphony must be in 1-16, got 17"):
        BuiltinSynth(17)
