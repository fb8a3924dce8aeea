"""Oscillators: in tune, band-limited, of the shape their name says."""

import numpy as np
import pytest

from tests.plugins.sounds import RATE, Curve, on, play, raw, spectrum_db, synth_with
from tsumami.plugins.builtin.oscillator import PULSE, SAW, SINE, TRIANGLE, run_modulated, run_oscillator

WAVES = {"saw": SAW, "pulse": PULSE, "triangle": TRIANGLE, "sine": SINE}


def wave(kind: int, frequency_hz: float, width: float = 0.5, frames: int = RATE) -> Curve:
    """One second of an oscillator."""
    out = np.empty(frames)
    run_oscillator(kind, 0.0, frequency_hz / RATE, width, 0.0, out, frames)
    return out


def cents_off(samples: Curve, expected_hz: float) -> float:
    """Pitch error of one second, from the phase that its strongest partial gains over half a second."""
    frames = RATE // 2
    window = np.hanning(frames)
    turn = np.exp(-2j * np.pi * expected_hz * np.arange(RATE) / RATE)
    first = (samples[:frames] * turn[:frames] * window).sum()
    second = (samples[frames:] * turn[frames:] * window).sum()
    gained_hz = float(np.angle(second / first)) / (2 * np.pi * 0.5)
    return float(1200 * np.log2(1 + gained_hz / expected_hz))


@pytest.mark.parametrize("name", list(WAVES))
def test_a4_is_440_hz_within_half_a_cent(name: str) -> None:
    out = play(synth_with(raw(osc1_wave=name)), [on(0, 69)], [2 * RATE])[0, RATE:]
    assert abs(cents_off(out.astype(np.float64), 440.0)) < 0.5


@pytest.mark.parametrize("note", [21, 45, 60, 84, 108])
def test_every_key_is_in_tune(note: int) -> None:
    out = play(synth_with(raw(osc1_wave="sine")), [on(0, note)], [2 * RATE])[0, RATE:]
    assert abs(cents_off(out.astype(np.float64), 440.0 * 2 ** ((note - 69) / 12))) < 0.5


def test_oscillator_2_rests_on_whole_semitones() -> None:
    for asked, heard in ((7.0, 7.0), (7.2, 7.0), (-12.15, -12.0)):
        values = raw(osc_mix=1.0, osc2_wave="sine", osc2_detune=0.0, osc2_pitch=asked)
        out = play(synth_with(values), [on(0, 57)], [2 * RATE])[0, RATE:]
        expected = 220.0 * 2 ** (heard / 12)
        assert abs(cents_off(out.astype(np.float64), expected)) < 1.0


@pytest.mark.parametrize(
    ("name", "frequency_hz", "below_hz", "limit_db"),
    [
        # Spline sidelobes: partial n falls by sinc⁴(n f / fs) / n; the 7th of 5 kHz folds to -56 dB.
        ("saw", 5003.0, 16_000.0, -52.0),
        ("saw", 1249.0, 12_000.0, -60.0),
        ("pulse", 5003.0, 16_000.0, -52.0),
        ("triangle", 5003.0, 16_000.0, -70.0),
        ("sine", 5003.0, 24_000.0, -90.0),
    ],
)
def test_aliases_stay_far_below_the_tone(
    name: str, frequency_hz: float, below_hz: float, limit_db: float
) -> None:
    frequency, level = spectrum_db(wave(WAVES[name], frequency_hz))
    nearest = np.rint(frequency / frequency_hz) * frequency_hz
    is_partial = np.abs(frequency - nearest) < 8.0
    aliases = level[~is_partial & (frequency < below_hz)]
    assert aliases.max() < limit_db


def test_a_naive_saw_would_fail_the_alias_test() -> None:
    naive = 2.0 * ((np.arange(RATE) * 5003.0 / RATE) % 1.0) - 1.0
    frequency, level = spectrum_db(naive)
    is_partial = np.abs(frequency - np.rint(frequency / 5003.0) * 5003.0) < 8.0
    assert level[~is_partial & (frequency < 16_000)].max() > -30.0


@pytest.mark.parametrize("name", list(WAVES))
def test_partials_are_those_of_the_wave(name: str) -> None:
    frequency_hz, partials = 100.0, np.arange(1, 9)
    spectrum = np.abs(np.fft.rfft(wave(WAVES[name], frequency_hz))) / (RATE / 2)
    measured = spectrum[(partials * 100).astype(int)]
    odd = partials % 2
    expected = {
        "saw": 2 / (np.pi * partials),
        "pulse": 4 * odd / (np.pi * partials),
        "triangle": 8 * odd / (np.pi * partials) ** 2,
        "sine": 1.0 * (partials == 1),
    }[name]
    # sinc⁴ of the rounding at 800 Hz of 48 kHz takes 0.02 %.
    assert np.allclose(measured, expected, atol=5e-4)


@pytest.mark.parametrize("width", [0.5, 0.7, 0.95])
def test_a_pulse_has_its_width_and_no_dc(width: float) -> None:
    out = wave(PULSE, 50.0, width)
    assert abs(out.mean()) < 1e-3
    assert (out > out.max() - 1.0).mean() == pytest.approx(width, abs=0.01)


def test_phase_goes_on_across_calls() -> None:
    whole, parts = np.empty(100), np.empty(100)
    run_oscillator(SAW, 0.3, 0.07, 0.5, 0.0, whole, 100)
    phase = run_oscillator(SAW, 0.3, 0.07, 0.5, 0.0, parts, 33)
    rest = np.empty(67)
    run_oscillator(SAW, phase, 0.07, 0.5, 0.0, rest, 67)
    parts[33:] = rest
    assert np.array_equal(whole, parts)


def test_modulation_by_nothing_changes_nothing() -> None:
    plain, modulated = np.empty(200), np.empty(200)
    run_oscillator(TRIANGLE, 0.1, 0.013, 0.5, 0.0, plain, 200)
    run_modulated(TRIANGLE, 0.1, 0.0, 0.013, 0.5, 0.0, 0.0, 0.0, np.ones(200), modulated, 200)
    assert np.allclose(plain, modulated, atol=1e-12)


def test_phase_modulation_makes_bessel_sidebands() -> None:
    depth, carrier, frames = 0.2, 1000.0, RATE
    modulator = np.sin(2 * np.pi * 100.0 * np.arange(frames) / RATE)
    out = np.empty(frames)
    run_modulated(SINE, 0.0, 0.0, carrier / RATE, 0.5, 0.0, depth, 0.0, modulator, out, frames)
    spectrum = np.abs(np.fft.rfft(out)) / (frames / 2)
    # J0, J1, J2 of 2π·0.2 (Abramowitz and Stegun, table 9.1).
    assert np.allclose(spectrum[[1000, 1100, 1200]], [0.6425, 0.5106, 0.1718], atol=2e-3)
