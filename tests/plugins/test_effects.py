"""Chorus, reverb and width: off is off, times are kept, mono stays mono."""

import numpy as np
import pytest

from tests.plugins.sounds import RATE, Curve, Samples, off, on, play, raw, synth_with
from tsumami.engine.events import Kind, event


def burst(**settings: float | str) -> Samples:
    """A short noise burst and five seconds of what follows."""
    values = raw(noise_level=1.0, osc1_wave="sine", amp_release=0.01, **settings)
    return play(synth_with(values), [on(0, 60), off(480, 60)], [5 * RATE])


@pytest.mark.parametrize("seconds", [0.5, 2.0])
def test_the_hall_falls_by_60_db_in_its_time(seconds: float) -> None:
    out = burst(reverb_mix=1.0, reverb_time=seconds)
    energy: Curve = np.square(out, dtype=np.float64).sum(axis=0)
    left: Curve = np.cumsum(energy[::-1])[::-1]  # Schroeder's integral
    fall_db = 10 * np.log10(left / energy.sum() + 1e-30)
    measured = 2 * float(((fall_db < -5.0) & (fall_db > -35.0)).sum()) / RATE
    # The treble is damped sooner, so white noise falls a little faster than asked.
    assert 0.6 * seconds < measured < 1.1 * seconds


def test_the_hall_is_diffuse_and_stereo() -> None:
    out = burst(reverb_mix=1.0, reverb_time=3.0, width=1.0)[:, RATE // 2 : RATE]
    likeness = np.corrcoef(out[0], out[1]).item(1)
    assert abs(likeness) < 0.35
    kurtosis = np.mean(out**4) / np.mean(out**2) ** 2
    assert kurtosis < 6.0  # 3 is Gaussian; single echoes would be far above


def test_no_width_is_mono() -> None:
    out = burst(reverb_mix=0.5, chorus=0.7, width=0.0, unison="4", detune=30.0)
    assert np.allclose(out[0], out[1], atol=1e-6)


def test_more_width_is_wider_and_keeps_the_mono_sum() -> None:
    def play_width(width: float) -> Samples:
        values = raw(osc_mix=0.5, unison="4", detune=20.0, drive=0.0, width=width, volume=-36.0)
        return play(synth_with(values), [on(0, 60)], [RATE])

    def side_db(out: Samples) -> float:
        return float(20 * np.log10(np.std(out[0] - out[1]) / np.std(out[0] + out[1])))

    assert side_db(play_width(0.2)) < side_db(play_width(0.6)) < side_db(play_width(1.0))


def test_the_chorus_moves_the_sound() -> None:
    dry = play(synth_with(raw(osc1_wave="saw")), [on(0, 60)], [2 * RATE])
    wet = play(synth_with(raw(osc1_wave="saw", chorus=0.8, width=1.0)), [on(0, 60)], [2 * RATE])
    levels = wet[0].reshape(-1, 2400).std(axis=1)
    assert np.ptp(levels[4:]) > 5 * np.ptp(dry[0].reshape(-1, 2400).std(axis=1)[4:])
    assert np.array_equal(dry[0], dry[1])
    assert not np.allclose(wet[0], wet[1], atol=1e-3)


def test_effects_switched_on_late_bring_no_old_sound_back() -> None:
    synth = synth_with(raw(osc1_wave="sine", amp_release=0.02, reverb_mix=0.6, reverb_time=10.0))
    play(synth, [on(0, 60), off(4800, 60), event(Kind.PARAMETER, 29, 0.0, time=9600)], [RATE])
    out = play(synth, [event(Kind.PARAMETER, 29, 1.0, time=0)], [RATE])
    assert np.abs(out).max() < 1e-6


def test_no_dc_leaves_even_from_driven_pulses() -> None:
    values = raw(osc1_wave="pulse", pulse_width=0.9, drive=30.0)
    out = play(synth_with(values), [on(0, 48)], [2 * RATE])[:, RATE:]
    assert np.abs(out.mean(axis=1)).max() < 1e-3 * np.abs(out).max()
