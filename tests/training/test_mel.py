import numpy as np
import numpy.typing as npt
import pytest

from tsumami.plugins.match.mel import (
    BANDS,
    FRAMES,
    HIGHEST_HZ,
    HOP,
    LOWEST_HZ,
    OFFSET,
    SAMPLE_RATE,
    log_mel,
    mel_matrix,
)
from tsumami.plugins.match.spectra import frequencies_hz, power_frames


def tone(frequency_hz: float, seconds: float = 4.0) -> npt.NDArray[np.float32]:
    phase = 2 * np.pi * frequency_hz * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.sin(phase).astype(np.float32)


@pytest.mark.parametrize("n_fft", [256, 1024, 2048])
def test_a_full_scale_tone_on_a_bin_has_a_peak_of_one(n_fft: int) -> None:
    row = n_fft // 8
    power = power_frames(tone(row * SAMPLE_RATE / n_fft), n_fft, n_fft // 2)[4:-4]
    np.testing.assert_array_equal(power.argmax(axis=1), row)
    np.testing.assert_allclose(power.max(axis=1), 1.0, atol=1e-3)  # float32 phases


def test_power_is_that_of_numpys_transform() -> None:
    samples = np.random.default_rng(0).normal(size=3000).astype(np.float32)
    window = np.hanning(513)[:-1]
    frame = samples[3 * 256 - 256 : 3 * 256 + 256]  # centred on frame 3
    expected = np.abs(np.fft.rfft(frame * window)) ** 2 * (2 / window.sum()) ** 2
    np.testing.assert_allclose(power_frames(samples, 512, 256)[3], expected, rtol=1e-3, atol=1e-9)


def test_silence_is_the_floor() -> None:
    np.testing.assert_allclose(log_mel(np.zeros(88_200, np.float32)), np.log(OFFSET), rtol=1e-6)


@pytest.mark.parametrize("length", [0, 1, HOP, 40_000, 88_200, 200_000])
def test_pictures_have_one_shape_whatever_the_length(length: int) -> None:
    picture = log_mel(np.full(length, 0.1, np.float32))
    assert picture.shape == (BANDS, FRAMES)
    assert np.isfinite(picture).all()


def test_higher_tones_stand_in_higher_bands() -> None:
    rows = [int(log_mel(tone(hz))[:, 40].argmax()) for hz in (60, 200, 600, 2000, 5000, 9000)]
    assert rows == sorted(set(rows))


def test_bands_cover_the_range_evenly() -> None:
    matrix = mel_matrix()
    hz = frequencies_hz(2048, SAMPLE_RATE)
    covered = matrix.sum(axis=1)
    inside = (hz > 200) & (hz < 10_000)  # the lowest bands are narrower than a bin
    np.testing.assert_allclose(covered[inside], 1.0, atol=1e-5)
    assert not covered[(hz < LOWEST_HZ) | (hz > HIGHEST_HZ)].any()
