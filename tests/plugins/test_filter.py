"""The ladder: slopes, cutoff, resonance, stability, and cutoff moves without zipper noise."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.sounds import RATE, Curve, on, play, raw, synth_with
from tsumami.engine.events import Kind, event
from tsumami.engine.jit import kernel
from tsumami.plugins.builtin.filter import (
    BANDPASS,
    HIGHPASS,
    LOWPASS_12,
    LOWPASS_24,
    ladder,
    pole_gain,
    saturate,
)

MODES = (LOWPASS_24, LOWPASS_12, BANDPASS, HIGHPASS)


@kernel
def _run(mode: int, samples: Curve, gain: float, feedback: float, out: Curve) -> None:
    s1, s2, s3, s4 = 0.0, 0.0, 0.0, 0.0
    for i in range(len(samples)):
        out[i], s1, s2, s3, s4 = ladder(mode, samples[i], gain, feedback, s1, s2, s3, s4)


@kernel
def _gain(cutoff_hz: float, sample_rate: float) -> float:
    return pole_gain(cutoff_hz, sample_rate)


@kernel
def _saturate(x: float) -> float:
    return saturate(x)


def filtered(mode: int, samples: npt.ArrayLike, cutoff_hz: float, feedback: float = 0.0) -> Curve:
    signal = np.asarray(samples, np.float64)
    out = np.empty_like(signal)
    _run(mode, signal, _gain(cutoff_hz, RATE), feedback, out)
    return out


def response_db(mode: int, cutoff_hz: float, frequencies: list[float], feedback: float = 0.0) -> Curve:
    """Level at some frequencies, from an impulse small enough that nothing saturates."""
    impulse = np.zeros(RATE)
    impulse[0] = 1e-4
    spectrum = np.abs(np.fft.rfft(filtered(mode, impulse, cutoff_hz, feedback))) / 1e-4
    return np.asarray(20 * np.log10(spectrum[[round(f) for f in frequencies]]), np.float64)


@pytest.mark.parametrize(
    ("mode", "far", "octave_db"),
    [
        (LOWPASS_24, (1600.0, 3200.0), -24.0),
        (LOWPASS_12, (1600.0, 3200.0), -12.0),
        (BANDPASS, (2000.0, 4000.0), -6.0),
        (HIGHPASS, (20.0, 40.0), 24.0),
    ],
)
def test_slopes(mode: int, far: tuple[float, float], octave_db: float) -> None:
    near_db, far_db = response_db(mode, 250.0, list(far))
    assert far_db - near_db == pytest.approx(octave_db, abs=1.0)


def test_each_pole_is_3_db_down_at_the_cutoff() -> None:
    assert response_db(LOWPASS_24, 1000.0, [1000.0])[0] == pytest.approx(-12.04, abs=0.05)
    assert response_db(LOWPASS_12, 1000.0, [1000.0])[0] == pytest.approx(-6.02, abs=0.05)
    assert response_db(LOWPASS_24, 1000.0, [10.0])[0] == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("cutoff_hz", [100.0, 1000.0, 8000.0])
def test_it_oscillates_at_its_cutoff(cutoff_hz: float) -> None:
    kick = np.zeros(2 * RATE)
    kick[0] = 0.5
    tail = filtered(LOWPASS_24, kick, cutoff_hz, 4.1)[RATE:]
    assert 0.05 < np.abs(tail).max() < 1.5
    peak = int(np.argmax(np.abs(np.fft.rfft(tail * np.hanning(RATE)))))
    assert peak == pytest.approx(cutoff_hz, rel=0.02)


def test_below_four_it_rings_out() -> None:
    kick = np.zeros(2 * RATE)
    kick[0] = 0.5
    assert np.abs(filtered(LOWPASS_24, kick, 1000.0, 3.8)[RATE:]).max() < 1e-6


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(MODES),
    st.floats(1.0, 100_000.0),
    st.floats(0.0, 4.1),
    st.floats(0.01, 1000.0),
    st.integers(0, 99),
)
def test_it_is_bounded_at_any_setting(
    mode: int, cutoff_hz: float, feedback: float, level: float, seed: int
) -> None:
    noise = level * np.random.default_rng(seed).uniform(-1, 1, 3000)
    assert np.abs(filtered(mode, noise, cutoff_hz, feedback)).max() < 16.0


def test_the_saturation_is_odd_smooth_and_bounded() -> None:
    curve = np.array([_saturate(x) for x in np.linspace(-4, 4, 801)])
    assert np.allclose(curve, -curve[::-1])
    assert np.all(np.diff(curve) >= 0)
    assert curve[-1] == pytest.approx(1.0)
    assert (curve[401] - curve[400]) / 0.01 == pytest.approx(1.0, abs=1e-3)


def test_the_cutoff_stays_below_nyquist() -> None:
    for rate in (8_000.0, 48_000.0, 192_000.0):
        highest = min(18_000.0, 0.45 * rate)
        warped = math.tan(math.pi * highest / rate)
        assert _gain(1e9, rate) == pytest.approx(warped / (1 + warped))


def test_key_tracking_moves_the_cutoff_with_the_key() -> None:
    def treble_share(track: float, note: int) -> float:
        """Level of the 8th partial against the first."""
        values = raw(cutoff=500.0, key_track=track, osc1_wave="saw")
        out = play(synth_with(values), [on(0, note)], [2 * RATE])[0, RATE:]
        spectrum = np.abs(np.fft.rfft(out * np.hanning(RATE)))
        base = 440.0 * 2 ** ((note - 69) / 12)
        return float(spectrum[round(8 * base)] / spectrum[round(base)])

    assert treble_share(1.0, 72) == pytest.approx(treble_share(1.0, 60), rel=0.15)
    assert treble_share(0.0, 72) < 0.3 * treble_share(0.0, 60)


def test_a_jump_of_the_cutoff_makes_no_zipper_noise() -> None:
    values = raw(osc1_wave="sine", cutoff=200.0, volume=0.0)
    jumps = [event(Kind.PARAMETER, 6, 1.0 if i % 2 else 0.35, time=RATE + 2400 * i) for i in range(10)]
    steady = play(synth_with(values), [on(0, 45)], [2 * RATE])[0, RATE:]
    moved = play(synth_with(values), [on(0, 45), *jumps], [2 * RATE])[0, RATE:]

    def treble_db(samples: npt.NDArray[np.float32]) -> float:
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(RATE)))
        return float(20 * np.log10(spectrum[5000:].max() / spectrum.max()))

    # Jumps of full height would leave 1/f: about -36 dB at 5 kHz for a 110 Hz tone.
    assert treble_db(steady) < -90.0
    assert treble_db(moved) < -60.0
