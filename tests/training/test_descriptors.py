"""Descriptors of sounds whose answers are known, and of what the synthesizer makes."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsumami.plugins import PARAMETERS, default_values, load_bank, render_patch
from tsumami.training.macros.data import tags_of
from tsumami.training.macros.descriptors import (
    DESCRIPTORS,
    HOLD_SECONDS,
    LABELS,
    LENGTH_SECONDS,
    MACROS,
    SAMPLE_RATE,
    describe,
)

Sound = npt.NDArray[np.floating]

SECONDS = np.arange(round(LENGTH_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
HELD = SECONDS < HOLD_SECONDS
ROWS = {parameter.name: row for row, parameter in enumerate(PARAMETERS)}


def both(channel: npt.NDArray[np.floating]) -> Sound:
    """A sound that is the same on both sides."""
    return np.tile(channel.astype(np.float32), (2, 1))


def tone(frequency_hz: float) -> npt.NDArray[np.float64]:
    return 0.3 * np.sin(2 * np.pi * frequency_hz * SECONDS) * HELD


def measure(sound: Sound) -> dict[str, float]:
    return dict(zip(DESCRIPTORS, describe(sound.astype(np.float32)).tolist(), strict=True))


def patch_with(**positions: float) -> dict[str, float]:
    values = default_values()
    for name, position in positions.items():
        values[ROWS[name]] = position
    return measure(render_patch(values))


@pytest.mark.parametrize("frequency_hz", [110.0, 440.0, 3000.0])
def test_a_tone_is_as_bright_as_it_is_high(frequency_hz: float) -> None:
    # The key is released within the last frames; what that spreads is below a fiftieth of an octave.
    smooth = tone(frequency_hz) * np.clip((HOLD_SECONDS - SECONDS) * 5, 0, 1)
    assert measure(both(smooth))["bright"] == pytest.approx(math.log2(frequency_hz + 20), abs=0.05)


@pytest.mark.parametrize("seconds", [0.2, 1.0, 2.0])
def test_a_decay_is_as_long_as_thirty_decibels_take(seconds: float) -> None:
    sound = both(0.3 * np.sin(2 * np.pi * 300 * SECONDS) * 10 ** (-1.5 * SECONDS / seconds))
    # Energy is summed in blocks of 10 ms.
    assert 2 ** measure(sound)["long"] == pytest.approx(seconds, abs=0.02)


def test_a_tail_that_outlasts_the_recording_is_continued() -> None:
    sound = both(0.3 * np.sin(2 * np.pi * 300 * SECONDS) * 10 ** (-1.5 * SECONDS / 10.0))
    assert 2 ** measure(sound)["long"] == pytest.approx(10.0, rel=0.05)


def test_noise_is_noisier_than_a_tone_and_a_tone_in_noise_is_between() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, len(SECONDS)) * HELD
    clean, mixed, pure = (measure(both(s))["noisy"] for s in (tone(262), tone(262) + 0.1 * noise, noise))
    assert clean < mixed < pure


def test_width_goes_from_mono_to_sides_alone() -> None:
    mono, sides = both(tone(262)), both(tone(262)) * np.array([[1], [-1]], np.float32)
    assert measure(mono)["wide"] == pytest.approx(-4.0, abs=1e-3)  # the least there is
    assert measure(sides)["wide"] > 4
    assert measure(mono + 0.1 * sides)["wide"] == pytest.approx(-2.0, abs=0.02)


@pytest.mark.parametrize("rate_hz", [1.0, 5.0])
def test_tremolo_moves_the_more_the_deeper_it_is(rate_hz: float) -> None:
    swing = np.sin(2 * np.pi * rate_hz * SECONDS)
    depths = [measure(both(tone(262) * (1 + depth * swing)))["moving"] for depth in (0, 0.1, 0.3, 0.8)]
    assert depths == sorted(depths)
    assert depths[-1] - depths[0] > 2


def test_a_struck_sound_is_more_percussive_than_a_held_one_and_that_than_a_swell() -> None:
    struck, held, swell = (
        measure(both(tone(262) * envelope))["percussive"]
        for envelope in (10 ** (-3 * SECONDS), np.ones_like(SECONDS), np.minimum(SECONDS / 2, 1.0))
    )
    assert struck > 10 > held > swell


def test_detuned_voices_below_are_thick() -> None:
    voices = np.mean([tone(262 * 2 ** (cents / 1200)) for cents in (-15, -6, 5, 14)], axis=0)
    assert measure(both(voices))["thick"] > measure(both(tone(262)))["thick"] + 6


@settings(max_examples=10)
@given(st.floats(-40, 6))
def test_only_the_loudness_follows_the_level(gain_db: float) -> None:
    rng = np.random.default_rng(2)
    sound = np.stack([tone(262) + 0.05 * rng.normal(size=len(SECONDS)) * HELD for _ in range(2)])
    before = measure(sound)
    after = measure(sound * 10 ** (gain_db / 20))
    assert after["loudness"] - before["loudness"] == pytest.approx(gain_db, abs=0.01)
    for macro in MACROS:
        # Floors against silence stand far below this sound.
        assert after[macro] == pytest.approx(before[macro], abs=0.05)


@pytest.mark.parametrize("start", [0, 1000, 77_175])
def test_silence_and_clicks_have_finite_descriptors(start: int) -> None:
    click = np.zeros((2, len(SECONDS)), np.float32)
    assert np.isfinite(describe(click)).all()
    click[:, start] = 1.0
    assert np.isfinite(describe(click)).all()


@pytest.mark.parametrize(
    ("macro", "parameter", "low", "high"),
    [
        ("bright", "cutoff", 0.4, 0.8),
        ("moving", "lfo2_depth", 0.0, 0.8),
        ("percussive", "amp_sustain", 1.0, 0.0),
        ("long", "amp_release", 0.2, 0.9),
        ("thick", "chorus", 0.0, 1.0),
        ("noisy", "noise_level", 0.0, 0.8),
        ("wide", "width", 0.0, 1.0),
        ("loudness", "volume", 0.3, 0.9),
    ],
)
def test_the_synthesizers_own_knobs_are_heard(macro: str, parameter: str, low: float, high: float) -> None:
    assert patch_with(**{parameter: low})[macro] + 0.2 < patch_with(**{parameter: high})[macro]


def test_descriptors_rank_the_tags_that_people_gave() -> None:
    bank = load_bank()
    measured = np.stack([describe(render_patch(patch.values)) for patch in bank])
    tags = np.stack([tags_of(patch) for patch in bank])
    for macro, name in enumerate(MACROS):
        high, low = (measured[tags[:, macro] == sign, macro] for sign in (1, -1))
        assert len(high) > 0, LABELS[name]
        assert len(low) > 0, LABELS[name]
        right = (high[:, None] > low[None, :]).mean()
        assert right >= 0.8, f"{name} ranks only {right:.2f} of the opposite pairs of the bank rightly"
