"""The transform against numpy and scipy, and the stream by its properties."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import carray
from scipy.signal import ShortTimeFFT, get_window

from tests.allocations import allocations
from tsumami.engine.errors import ParameterError
from tsumami.engine.jit import c_kernel, kernel
from tsumami.engine.stage import CHANNELS, Stage, run_stage
from tsumami.engine.stft.fft import LARGEST_FFT, fft_plan, fft_work, inverse_real_fft, real_fft
from tsumami.engine.stft.stft import FRAME_SIGNATURE, StftStream
from tsumami.engine.stft.window import COSINES, dual_window, window_of

EPS = float(np.finfo(np.float32).eps)
NULL = 1e-6
"""Round trip of samples within ±1: a few float32 eps (1.2e-7), -120 dB."""

Audio = npt.NDArray[np.float32]

sizes = st.integers(3, 12).map(lambda power: 2**power)
seeds = st.integers(0, 2**32 - 1)


def noise(*shape: int, seed: int = 0) -> Audio:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def forward(samples: Audio) -> npt.NDArray[np.complex64]:
    frame = np.zeros(len(samples) // 2 + 1, np.complex64)
    real_fft(samples, frame, fft_plan(len(samples)), fft_work(len(samples)))
    return frame


def inverse(frame: npt.NDArray[np.complex64]) -> Audio:
    samples = np.zeros(2 * (len(frame) - 1), np.float32)
    inverse_real_fft(frame, samples, fft_plan(len(samples)), fft_work(len(samples)))
    return samples


def fft_tolerance(n_fft: int) -> float:
    """Rounding of log2(n) stages, relative to the largest bin."""
    return 4 * EPS * math.log2(n_fft)


@settings(deadline=None)
@given(sizes, seeds)
def test_the_transform_is_numpys(n_fft: int, seed: int) -> None:
    samples = noise(n_fft, seed=seed)
    expected = np.fft.rfft(samples.astype(np.float64))
    scale = np.linalg.norm(samples)
    assert np.abs(forward(samples) - expected).max() <= fft_tolerance(n_fft) * scale
    assert np.abs(inverse(expected.astype(np.complex64)) - samples).max() <= fft_tolerance(n_fft)


def test_the_largest_transform_is_numpys() -> None:
    samples = noise(LARGEST_FFT)
    assert np.abs(forward(samples) - np.fft.rfft(samples)).max() <= fft_tolerance(
        LARGEST_FFT
    ) * np.linalg.norm(samples)


@settings(deadline=None)
@given(sizes, seeds)
def test_parseval(n_fft: int, seed: int) -> None:
    samples = noise(n_fft, seed=seed)
    power = np.abs(forward(samples).astype(np.complex128)) ** 2
    energy = (2 * power.sum() - power[0] - power[-1]) / n_fft
    assert energy == pytest.approx(np.square(samples, dtype=np.float64).sum(), rel=fft_tolerance(n_fft))


@settings(deadline=None)
@given(sizes, seeds, st.floats(-4, 4, width=32))
def test_the_transform_is_linear(n_fft: int, seed: int, factor: float) -> None:
    a, b = noise(2, n_fft, seed=seed)
    found = forward((a + np.float32(factor) * b).astype(np.float32))
    difference = found - (forward(a) + np.float32(factor) * forward(b))
    assert np.abs(difference).max() <= 5 * fft_tolerance(n_fft) * np.sqrt(n_fft)


def test_an_impulse_is_flat_and_a_tone_is_one_bin() -> None:
    impulse = np.zeros(64, np.float32)
    impulse[0] = 1
    assert np.array_equal(forward(impulse), np.ones(33, np.complex64))
    tone = np.cos(2 * np.pi * 5 * np.arange(64) / 64).astype(np.float32)
    expected = np.zeros(33)
    expected[5] = 32
    np.testing.assert_allclose(np.abs(forward(tone)), expected, atol=64 * EPS)


def run(stage: Stage, audio: Audio, block_size: int) -> Audio:
    """A stage's output for ``audio`` [2, frames], cut into blocks."""
    blocks = [
        run_stage(stage, block.shape[1], audio=block)
        for block in np.array_split(audio, range(block_size, audio.shape[1], block_size), axis=1)
    ]
    return np.concatenate(blocks, axis=1)


def prepared(*arguments: Any, **options: Any) -> StftStream:
    stage = StftStream(*arguments, **options)
    stage.prepare(48000, 8193)
    return stage


@st.composite
def framings(draw: st.DrawFn) -> tuple[int, int, str]:
    """A size, a hop that need not divide it, and a window that overlaps there."""
    n_fft = draw(sizes)
    window = draw(st.sampled_from(sorted(COSINES)))
    largest = n_fft if window == "rectangular" else n_fft // 2
    return n_fft, draw(st.integers(max(1, n_fft // 16), largest)), window


@settings(deadline=None)
@given(framings(), st.integers(1, 700), seeds)
def test_the_output_is_the_delayed_input(framing: tuple[int, int, str], block_size: int, seed: int) -> None:
    stage = prepared(*framing)
    latency = stage.latency_samples
    assert latency == framing[0]
    audio = noise(CHANNELS, latency + 300, seed=seed)
    output = run(stage, audio, block_size)
    delayed = np.pad(audio, ((0, 0), (latency, 0)))[:, : audio.shape[1]]
    # A small overlap of windows raises the rounding noise: by at most the largest value of the dual.
    gain = dual_window(window_of(framing[2], framing[0]), framing[1]).max()
    assert np.abs(output - delayed).max() <= NULL * max(1, gain)


def test_the_usual_framing_is_a_null() -> None:
    audio = noise(CHANNELS, 48000)
    output = run(prepared(512, 128), audio, 128)
    assert np.abs(output[:, 512:] - audio[:, :-512]).max() < NULL


@c_kernel(FRAME_SIGNATURE)
def lowest_half(state: Any, frames: Any, bins: int) -> None:  # noqa: ARG001
    """Keeps the lower half of the spectrum, and of the right channel only a quarter of the amplitude."""
    spectrum = carray(frames, 2 * bins)
    for channel in range(2):
        for k in range(bins):
            gain = np.float32(1 if channel == 0 else 0.25)
            spectrum[channel * bins + k] *= gain if k < bins // 2 else np.float32(0)


@pytest.mark.parametrize("frame_function", [0, lowest_half.address], ids=["identity", "filter"])
def test_any_block_size_gives_the_same_samples(frame_function: int) -> None:
    audio = noise(CHANNELS, 9000)
    stage = prepared(256, 60, "hamming", frame_function=frame_function)
    expected = run(stage, audio, 9000)
    for block_size in (1, 64, 65, 8193):
        stage.reset()
        assert np.array_equal(run(stage, audio, block_size), expected)


def test_the_frame_function_sees_scipys_spectrum() -> None:
    n_fft, hop = 256, 64
    audio = noise(CHANNELS, 4096)
    output = run(prepared(n_fft, hop, frame_function=lowest_half.address), audio, 100)
    reference = ShortTimeFFT(np.asarray(get_window("hann", n_fft)), hop, fs=1.0)
    for channel, gain in ((0, 1.0), (1, 0.25)):
        spectrum = reference.stft(audio[channel].astype(np.float64))
        spectrum[(n_fft // 2 + 1) // 2 :] = 0
        expected = gain * reference.istft(spectrum, k1=audio.shape[1])
        # The ends differ by how each pads; compare where frames see only the signal.
        inner = slice(n_fft, audio.shape[1] - 2 * n_fft)
        np.testing.assert_allclose(output[channel, n_fft:][inner], expected[inner], atol=NULL)


@c_kernel(FRAME_SIGNATURE)
def store_first_bins(state: Any, frames: Any, bins: int) -> None:
    """Copies the frames of both channels to the state, complex64 [2, 9]."""
    kept, spectrum = carray(state, 18, np.complex64), carray(frames, 2 * bins)
    for i in range(2 * bins):
        kept[i] = spectrum[i]


def test_the_frame_function_gets_its_state_and_the_windowed_spectrum() -> None:
    kept = np.zeros((CHANNELS, 9), np.complex64)
    stage = prepared(
        16, 16, "rectangular", frame_function=store_first_bins.address, frame_state=kept.ctypes.data
    )
    audio = noise(CHANNELS, 16)
    run(stage, audio, 16)
    np.testing.assert_allclose(kept, np.fft.rfft(audio), atol=16 * EPS)


def test_reset_forgets_what_sounded() -> None:
    stage = prepared(64, 16)
    run(stage, noise(CHANNELS, 1000), 100)
    stage.reset()
    assert not run(stage, np.zeros((CHANNELS, 200), np.float32), 33).any()


@pytest.mark.parametrize("name", sorted(COSINES))
def test_named_windows_and_their_duals_are_scipys(name: str) -> None:
    expected = np.asarray(get_window("boxcar" if name == "rectangular" else name, 128))
    window = window_of(name, 128)
    np.testing.assert_allclose(window, expected, atol=EPS)
    np.testing.assert_allclose(
        dual_window(window, 50), ShortTimeFFT(expected, 50, fs=1.0).dual_win, rtol=8 * EPS, atol=EPS
    )


def test_an_array_is_a_window() -> None:
    ramp = np.linspace(0.5, 1, 128)
    audio = noise(CHANNELS, 1000)
    output = run(prepared(128, 100, ramp), audio, 64)
    assert np.abs(output[:, 128:] - audio[:, :-128]).max() <= NULL


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: StftStream(500, 125), "n_fft must be a power of two in 8-65536 samples, got 500"),
        (lambda: StftStream(4, 1), "n_fft must be a power of two in 8-65536 samples, got 4"),
        (lambda: StftStream(512, 0), "hop must be in 1-512 samples, got 0"),
        (lambda: StftStream(512, 513), "hop must be in 1-512 samples, got 513"),
        (lambda: StftStream(512, 512), "hop must let the windows overlap without gaps, got 512 samples"),
        (lambda: StftStream(512, 128, "kaiser"), "window must be one of rectangular, hann, .*, got kaiser"),
        (lambda: StftStream(512, 128, np.ones(511)), r"window must be 512 finite samples, got .* \(511,\)"),
        (lambda: StftStream(8, 2, [np.nan] * 8), "window must be 8 finite samples"),
        (lambda: StftStream(8, 2, np.zeros(8)), "hop must let the windows overlap without gaps"),
    ],
)
def test_bad_settings_are_refused(build: Callable[[], StftStream], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        build()


@kernel
def allocate(size: int) -> float:
    return float(np.zeros(size).sum())


def test_nothing_is_allocated_while_streaming() -> None:
    stage = prepared(512, 128, frame_function=lowest_half.address)
    audio = noise(CHANNELS, 8192)
    assert allocations(lambda: run_stage(stage, 8192, audio=audio)) == 0
    assert allocations(lambda: allocate(10)) > 0
