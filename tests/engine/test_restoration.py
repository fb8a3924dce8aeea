"""Burg's method against its definition, and concealment: what is lost goes on, what is not stays."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsumami.engine.errors import ParameterError
from tsumami.engine.restoration import Concealer, LookaheadConcealer, burg
from tsumami.engine.restoration.channel import LOUDEST
from tsumami.engine.restoration.concealer import CROSSFADE_SECONDS, FADE_SECONDS
from tsumami.engine.restoration.extrapolation import extrapolate
from tsumami.engine.restoration.interpolation import interpolate
from tsumami.engine.restoration.repair_control import HOLD_SECONDS

RATE = 16_000
CROSSFADE = round(CROSSFADE_SECONDS * RATE)

Samples = npt.NDArray[np.float64]


def burg_by_definition(x: Samples, order: int) -> Samples:
    """Burg's lattice on the samples themselves."""
    forward, backward, a = x.copy(), x.copy(), np.ones(1)
    for _ in range(order):
        f, b = forward[1:], backward[:-1]
        k = -2.0 * float(f @ b) / float(f @ f + b @ b)
        a = np.append(a, 0.0) + k * np.append(a, 0.0)[::-1]
        forward, backward = f + k * b, b + k * f
    return -a[1:]


def coloured(seed: int, size: int) -> Samples:
    """Noise with a few resonances, as music has them."""
    rng = np.random.default_rng(seed)
    time = np.arange(size) / RATE
    partials = [np.sin(2 * np.pi * f * time + rng.random()) for f in rng.uniform(50, 4000, 5)]
    hiss = 0.01 * rng.standard_normal(size)
    return np.asarray(np.sum(partials, axis=0) + np.cumsum(hiss) + hiss)


@pytest.mark.parametrize(("size", "order"), [(200, 1), (200, 20), (4096, 256)])
def test_burg_is_what_its_definition_says(size: int, order: int) -> None:
    for seed in range(3):
        x = coloured(seed, size)
        # The definition takes no noise to be in the signal; the fast one takes a billionth.
        np.testing.assert_allclose(burg(x, order), burg_by_definition(x, order), atol=1e-4)


@given(st.integers(0, 10_000), st.sampled_from([3, 40, 300]), st.sampled_from(["music", "noise", "band"]))
@settings(max_examples=30, deadline=None)
def test_burg_is_stable(seed: int, order: int, kind: str) -> None:
    x = coloured(seed, 2000)
    if kind == "noise":
        x = np.random.default_rng(seed).standard_normal(2000)
    if kind == "band":  # nothing above an eighth of the rate, where rounding is worst
        spectrum = np.fft.rfft(x)
        spectrum[125:] = 0.0
        x = np.fft.irfft(spectrum)
    roots = np.roots(np.concatenate([[1.0], -burg(x, order)]))
    assert np.abs(roots).max() < 1.0 + 1e-6  # of what numpy finds of so many roots


def test_silence_predicts_silence() -> None:
    assert not burg(np.zeros(100), 10).any()


def test_a_prediction_is_the_recursion_it_stands_for() -> None:
    rng = np.random.default_rng(1)
    for order, past_size, frames in ((3, 10, 20), (20, 20, 5), (7, 4, 30)):
        coefficients, past = rng.standard_normal(order) * 0.2, rng.standard_normal(past_size)
        line = list(past)
        for _ in range(frames):
            line.append(sum(c * x for c, x in zip(coefficients, reversed(line), strict=False)))
        output = np.empty(frames)
        extrapolate(past, coefficients, output)
        np.testing.assert_allclose(output, line[past_size:], atol=1e-12)


def repaired(x: npt.NDArray[np.float32], lost: list[bool], block: int) -> npt.NDArray[np.float32]:
    """``x`` ``[frames, channels]`` with NaN in the blocks that are lost, block by block."""
    concealer = Concealer(x.shape[1], RATE, block)
    parts = []
    for number, is_lost in enumerate(lost):
        part = x[number * block : (number + 1) * block].copy()
        if is_lost:
            part[:] = np.nan
        parts.append(concealer.process(part, is_lost))
    return np.concatenate(parts)


@given(st.integers(0, 1000), st.sampled_from([32, 64, 160]), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_only_gaps_and_their_crossfade_are_touched(seed: int, block: int, channels: int) -> None:
    rng = np.random.default_rng(seed)
    lost = (rng.random(40) < 0.3).tolist()
    x = rng.standard_normal((40 * block, channels)).astype(np.float32)
    y = repaired(x, lost, block)
    assert y.shape == x.shape
    assert y.dtype == np.float32
    assert np.isfinite(y).all()
    touched = np.zeros(len(x), bool)
    for number in np.flatnonzero(lost):
        touched[number * block : (number + 1) * block + CROSSFADE] = True
    np.testing.assert_array_equal(y[~touched], x[~touched])


def test_a_chord_goes_on() -> None:
    time = np.arange(RATE) / RATE
    chord = sum(0.2 * np.sin(2 * np.pi * f * time) for f in (220.0, 277.2, 329.6, 1318.5))
    x = np.stack([chord, -0.5 * chord], axis=1).astype(np.float32)
    block = 160
    lost = [number in {60, 61, 80} for number in range(100)]
    y = repaired(x, lost, block)
    gaps = np.repeat(lost, block)
    error = 10 * np.log10(np.square(y[gaps] - x[gaps]).sum() / np.square(x[gaps]).sum())
    assert error < -40.0


def test_a_long_gap_fades_to_nothing_and_the_stream_comes_back() -> None:
    rng = np.random.default_rng(3)
    x = (0.1 * rng.standard_normal((2 * RATE, 1))).astype(np.float32)
    block = 160
    lost = [50 <= number < 150 for number in range(200)]
    y = repaired(x, lost, block)
    begins = 50 * block
    silent = begins + round((HOLD_SECONDS + FADE_SECONDS) * RATE) + 1
    assert not y[silent : 150 * block].any()
    assert np.abs(y[begins:silent]).max() > 0.0
    np.testing.assert_array_equal(y[150 * block + CROSSFADE :], x[150 * block + CROSSFADE :])


@pytest.mark.parametrize("level", [1e-6, 1.0, 1e3])
def test_a_continuation_is_no_louder_than_what_was_heard(level: float) -> None:
    rng = np.random.default_rng(4)
    # Rising noise, of which a prediction would like to go on rising.
    x = (level * rng.standard_normal((8000, 1)) * np.linspace(0, 1, 8000)[:, None] ** 4).astype(np.float32)
    y = repaired(x, [number >= 40 for number in range(50)], 160)
    before = x[40 * 160 - 480 : 40 * 160]
    for number in range(40, 50):
        part = y[number * 160 : (number + 1) * 160]
        assert np.sqrt(np.mean(part**2)) <= 1.01 * LOUDEST * np.sqrt(np.mean(before**2))


def test_nothing_heard_is_silence() -> None:
    assert not repaired(np.ones((640, 2), np.float32), [True] * 4, 160).any()


def test_what_is_no_number_passes_but_is_not_learned_from() -> None:
    x = np.random.default_rng(5).standard_normal((3200, 1)).astype(np.float32)
    x[1000] = np.inf
    y = repaired(x, [number == 15 for number in range(20)], 160)
    assert np.isinf(y[1000])
    assert np.isfinite(np.delete(y, 1000)).all()


def test_it_begins_anew_after_a_reset() -> None:
    x = np.random.default_rng(6).standard_normal((1600, 1)).astype(np.float32)
    concealer = Concealer(1, RATE, 160)
    concealer.process(x, is_lost=False)
    concealer.reset()
    assert not concealer.process(x, is_lost=True).any()


@pytest.mark.parametrize(("rate", "block"), [(8_000, 40), (RATE, 160), (192_000, 1920)])
def test_a_warm_up_leaves_nothing_behind(rate: int, block: int) -> None:
    concealer = Concealer(2, rate, block)
    concealer.warm_up()
    assert not concealer.process(np.ones((block, 2), np.float32), is_lost=True).any()


@pytest.mark.parametrize(
    ("channels", "sample_rate", "message"), [(0, RATE, "channels must be"), (1, 4000, "sample rate must be")]
)
def test_what_it_cannot_repair_is_refused(channels: int, sample_rate: float, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Concealer(channels, sample_rate, 160)


def looked_ahead(
    x: npt.NDArray[np.float32], lost: list[bool], block: int, milliseconds: float
) -> npt.NDArray[np.float32]:
    """As `repaired`, by a concealer that looks ahead, its delay taken out."""
    concealer = LookaheadConcealer(x.shape[1], RATE, block, milliseconds)
    delay = concealer.latency_samples // block
    silence = np.zeros((block, x.shape[1]), np.float32)
    blocks = [x[number * block : (number + 1) * block] for number in range(len(lost))]
    come = [*zip(blocks, lost, strict=True), *[(silence, True)] * delay]
    return np.concatenate([concealer.process(part, gone) for part, gone in come][delay:])


def test_an_interpolation_solves_its_least_squares() -> None:
    rng = np.random.default_rng(7)
    for order, frames, after_size in ((3, 5, 4), (20, 8, 3), (6, 1, 30), (4, 7, 0)):
        coefficients = rng.standard_normal(order) * 0.2
        before, after = rng.standard_normal(order + 3), rng.standard_normal(after_size)

        def errors(
            unknown: Samples,
            before: Samples = before,
            after: Samples = after,
            coefficients: Samples = coefficients,
        ) -> Samples:
            line = np.concatenate([before, unknown, after])
            filtered = np.convolve(line, np.concatenate([[1.0], -coefficients]))
            return filtered[len(before) : len(line)]

        none = errors(np.zeros(frames))
        columns = np.stack([errors(unit) - none for unit in np.eye(frames)], axis=1)
        best = np.linalg.lstsq(columns, -none)[0]
        np.testing.assert_allclose(interpolate(before, after, frames, coefficients), best, atol=1e-9)


@given(st.integers(0, 1000), st.sampled_from([48, 160]), st.sampled_from([1.0, 10.0, 25.0]))
@settings(max_examples=15, deadline=None)
def test_looking_ahead_delays_and_touches_nothing_else(seed: int, block: int, milliseconds: float) -> None:
    rng = np.random.default_rng(seed)
    lost = (rng.random(60) < 0.3).tolist()
    x = rng.standard_normal((60 * block, 2)).astype(np.float32)
    y = looked_ahead(x, lost, block, milliseconds)
    assert y.shape == x.shape
    assert np.isfinite(y).all()
    touched = np.zeros(len(x), bool)
    for number in np.flatnonzero(lost):
        touched[number * block : (number + 1) * block + CROSSFADE] = True
    np.testing.assert_array_equal(y[~touched], x[~touched])


def test_looking_ahead_is_nearer_to_the_truth() -> None:
    x = np.stack([coloured(8, 3 * RATE)], axis=1).astype(np.float32)
    lost = [number % 10 == 9 for number in range(300)]
    gaps = np.repeat(lost, 160)
    causal, ahead = repaired(x, lost, 160), looked_ahead(x, lost, 160, 10.0)
    errors = [np.square(y[gaps] - x[gaps]).sum() for y in (causal, ahead)]
    assert errors[1] < 0.5 * errors[0]


@pytest.mark.parametrize("milliseconds", [0.0, -1.0, 1000.0])
def test_a_lookahead_out_of_range_is_refused(milliseconds: float) -> None:
    with pytest.raises(ParameterError, match="lookahead must be"):
        LookaheadConcealer(1, RATE, 160, milliseconds)
