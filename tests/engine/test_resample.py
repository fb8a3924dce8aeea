"""Sample-rate conversion: counts, latency, equality over block sizes, and quality against an ideal tone."""

from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from tsumami.engine.errors import ParameterError
from tsumami.engine.resample import Quality, StreamResampler

Audio = npt.NDArray[np.float32]

rates = st.sampled_from([8000, 16000, 22050, 32000, 44100, 47999, 48000, 88200, 96000, 192000])


def noise(frames: int, channels: int = 2, seed: int = 0) -> Audio:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (channels, frames)).astype(np.float32)


def run(resampler: StreamResampler, audio: Audio, block_size: int) -> Audio:
    """The stream's output for ``audio``, cut into blocks, and its tail."""
    blocks = np.array_split(audio, range(block_size, audio.shape[1], block_size), axis=1)
    return np.concatenate([*(resampler.process(block) for block in blocks), resampler.finish()], axis=1)


def tone(frequency_hz: float, rate_hz: int, frames: int) -> npt.NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(frames) / rate_hz)


@settings(deadline=None, max_examples=25)
@given(rates, rates, st.sampled_from(get_args(Quality)))
def test_every_block_gives_the_frames_that_are_due(in_rate: int, out_rate: int, quality: Quality) -> None:
    resampler = StreamResampler(in_rate, out_rate, quality)
    audio = noise(20_000)
    frames_in = frames_out = 0
    for size in (1, 64, 65, 8193, 1, 127, 5000, 3, 6000):
        frames_out += resampler.process(audio[:, frames_in : frames_in + size]).shape[1]
        frames_in += size
        assert frames_out == frames_in * out_rate // in_rate


@settings(deadline=None, max_examples=25)
@given(rates, rates, st.sampled_from(get_args(Quality)))
def test_output_is_soxrs_after_the_latency(in_rate: int, out_rate: int, quality: Quality) -> None:
    audio = noise(9000)
    resampler = StreamResampler(in_rate, out_rate, quality)
    output = run(resampler, audio, 128)
    latency = resampler.latency_samples
    assert not output[:, :latency].any()
    whole = soxr.resample(audio.T, in_rate, out_rate, quality=quality).T
    assert np.array_equal(output[:, latency:], whole)


def test_any_block_size_gives_the_same_samples() -> None:
    audio = noise(9000)
    resampler = StreamResampler(44100, 48000)
    resampler.prepare(8193)
    expected = run(resampler, audio, 9000)
    for block_size in (1, 64, 65, 8193):
        resampler.reset()
        assert np.array_equal(run(resampler, audio, block_size), expected)


@pytest.mark.parametrize(
    ("in_rate", "out_rate"), [(44100, 48000), (48000, 44100), (48000, 16000), (48000, 96000)]
)
def test_a_tone_arrives_at_its_time_and_clean(in_rate: int, out_rate: int) -> None:
    resampler = StreamResampler(in_rate, out_rate, "HQ", channels=1)
    source = tone(997, in_rate, in_rate // 2).astype(np.float32)[np.newaxis]
    output = run(resampler, source, 128)[0, resampler.latency_samples :]
    expected = tone(997, out_rate, len(output))
    inner = slice(2000, len(output) - 2000)  # the filter's ends hear the silence around the tone
    error = output[inner] - expected[inner]
    signal_to_noise_db = 10 * np.log10(np.sum(expected[inner] ** 2) / np.sum(error**2))
    # HQ is made for 20 bits, 122 dB; float32 samples at half scale leave about 140 dB.
    assert signal_to_noise_db > 115


def test_what_the_lower_rate_cannot_hold_is_removed() -> None:
    resampler = StreamResampler(48000, 16000, channels=1)
    source = tone(12_000, 48000, 24_000).astype(np.float32)[np.newaxis]
    output = run(resampler, source, 100)[0]
    assert np.abs(output[resampler.latency_samples + 1000 : -1000]).max() < 10 ** (-110 / 20)


def test_equal_rates_pass_the_samples_on() -> None:
    resampler = StreamResampler(48000, 48000)
    audio = noise(3000)
    assert np.array_equal(run(resampler, audio, 70)[:, resampler.latency_samples :], audio)


def test_reset_forgets_what_sounded() -> None:
    resampler = StreamResampler(44100, 48000)
    resampler.process(noise(5000))
    resampler.reset()
    assert not run(resampler, np.zeros((2, 3000), np.float32), 64).any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 48000), "in_rate_hz must be a whole number in 1000-768000 Hz, got 0"),
        ((48000, -1), "out_rate_hz must be a whole number in 1000-768000 Hz, got -1"),
        ((48000, 10**9), "out_rate_hz must be a whole number in 1000-768000 Hz, got 1000000000"),
        ((44100.5, 48000), r"in_rate_hz must be a whole number in 1000-768000 Hz, got 44100\.5"),
        ((44100, 48000, "best"), "quality must be one of QQ, LQ, MQ, HQ, VHQ, got best"),
        ((44100, 48000, "HQ", 0), "channels must be 1 or more, got 0"),
    ],
)
def test_bad_settings_are_refused(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        StreamResampler(*arguments)
