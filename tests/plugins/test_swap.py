"""A swap's drawing: harmonics where they are wanted, under the outline that they had."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsumami.engine.timbre.features import SAMPLE_RATE
from tsumami.plugins.match.pitch import frequency_hz, note_of, pitch_hz
from tsumami.plugins.match.swap import main_lobe, redrawn, swapped


def test_a_main_lobe_is_that_of_the_window() -> None:
    size, zoom = 1024, 16
    window = np.hanning(size + 1)[:-1]
    lobe = np.abs(np.fft.rfft(window, size * zoom))[: 2 * zoom + 1] / window.sum()
    np.testing.assert_allclose(main_lobe(np.arange(2 * zoom + 1) / zoom), lobe, atol=1e-5)
    assert not main_lobe(np.array([2.0, -3.5, 100.0])).any()


@given(st.floats(12.0, 90.0), st.floats(12.0, 90.0))
@settings(max_examples=25, deadline=None)
def test_harmonics_are_drawn_where_wanted_and_as_loud(spacing: float, wanted: float) -> None:
    bins, level = np.arange(1025), 0.25
    places = spacing * np.arange(1, int(1022 / spacing) + 1)
    heard = level * main_lobe(bins[:, None] - places).sum(axis=1, keepdims=True)
    made = redrawn(heard.astype(np.float32), np.zeros((1025, 1), np.float32), spacing, wanted)[:, 0]
    expected = wanted * np.arange(1, int(1022 / wanted) + 1)
    assert np.allclose(made[np.abs(bins[:, None] - expected).min(axis=1) >= 2.0], 0.0)
    nearest = made[np.round(expected).astype(int)]
    assert nearest.max() <= 1.01 * level
    assert nearest.min() >= 0.7 * level, "a sine half a bin away is 1.4 dB lower, twice: heard and drawn"


@pytest.mark.parametrize(("note", "wanted", "frames"), [(60, 67, 22_050), (84, 55, 22_050), (40, 64, 22_050)])
def test_a_swap_is_heard_at_the_pitch_that_is_wanted(note: int, wanted: int, frames: int) -> None:
    time = np.arange(frames) / SAMPLE_RATE
    sound = sum(np.sin(2.0 * np.pi * frequency_hz(note) * k * time) / k for k in range(1, 9))
    heard = pitch_hz(swapped(np.asarray(0.2 * sound, np.float32), note, wanted), SAMPLE_RATE)
    assert heard is not None
    assert note_of(heard) == pytest.approx(wanted, abs=0.2)


@pytest.mark.parametrize("frames", [1, 300, 1_500, 5_000])
@pytest.mark.parametrize(("note", "wanted"), [(30, 60), (120, 100), (60, 96)])
def test_a_swap_is_as_long_as_its_sound_however_short(note: int, wanted: int, frames: int) -> None:
    sound = 0.3 * np.sin(2.0 * np.pi * frequency_hz(note) * np.arange(frames) / SAMPLE_RATE + 1.0)
    made = swapped(sound.astype(np.float32), note, wanted)
    assert made.shape == (frames,)
    assert np.isfinite(made).all()
