"""What was played before is played again: where it was, and what a gap makes of it."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsumami.engine.restoration import Concealer, channel
from tsumami.engine.restoration.interpolation import interpolate
from tsumami.engine.restoration.similar import find_match

RATE = 16_000
BLOCK = 320
Samples = npt.NDArray[np.float64]


def drums(beats: int, rate: int = RATE) -> Samples:
    """Four different hits of noise, over and over, eight a second."""
    rng = np.random.default_rng(11)
    beat = rate // 8
    decay = np.exp(-np.arange(beat) / (0.15 * rate))
    loop = [decay * rng.standard_normal(beat) * level for level in (1.0, 0.4, 0.7, 0.5)]
    return np.concatenate([loop[number % 4] for number in range(beats)])


def concealed(x: Samples, lost: set[int], *, is_searching: bool = True) -> Samples:
    """``x`` with the blocks ``lost`` of it concealed."""
    concealer = Concealer(1, RATE, BLOCK, is_searching=is_searching)
    blocks = x.astype(np.float32).reshape(-1, BLOCK, 1)
    played = [concealer.process(block, number in lost) for number, block in enumerate(blocks)]
    return np.concatenate(played)[:, 0].astype(np.float64)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 96_000])
@pytest.mark.parametrize("level", [1.0, 0.5])
def test_a_loop_is_found_to_the_sample_with_its_level(rate: int, level: float) -> None:
    x = drums(16, rate)
    loop = 4 * (rate // 8)
    x[-loop:] *= level
    match = find_match(x[: len(x) - rate // 80], rate)
    assert match is not None
    assert match.lag % loop == 0
    assert match.level == pytest.approx(level, rel=0.01)
    assert match.trust == pytest.approx(0.85)  # as far as the most trusted is


@given(st.integers(0, 10_000), st.sampled_from(["noise", "tone", "silence", "short"]))
@settings(max_examples=25, deadline=None)
def test_what_was_never_played_before_is_not_found(seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(3 * RATE)
    if kind == "tone":  # held, which an autoregression foresees: what it leaves is the noise
        x = 0.01 * x + np.sin(2 * np.pi * rng.uniform(50, 3000) * np.arange(len(x)) / RATE)
    if kind == "silence":
        x[-RATE:] = 0.0
    if kind == "short":
        x = drums(3)[: rng.integers(0, RATE // 3)]
    match = find_match(x, RATE)
    assert match is None or match.trust == 0.0


def test_a_drum_loop_goes_on_with_its_next_hit() -> None:
    x = drums(48)
    lost = 41 * (RATE // 8) // BLOCK  # a hit begins in it, no louder than what is still to be heard
    gap = slice(lost * BLOCK, (lost + 1) * BLOCK)
    errors = [
        np.square(concealed(x, {lost}, is_searching=searching)[gap] - x[gap]).sum()
        for searching in (True, False)
    ]
    assert errors[0] < 0.05 * np.square(x[gap]).sum()  # the 0.85 that is trusted leaves 0.0225
    assert errors[1] > 0.8 * np.square(x[gap]).sum()


@given(st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_noise_is_concealed_as_by_autoregressions_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(100 * BLOCK)
    lost = set(rng.choice(np.arange(40, 100), 10, replace=False).tolist())
    np.testing.assert_array_equal(concealed(x, lost), concealed(x, lost, is_searching=False))


def test_a_loop_stays_bit_exact_outside_its_gaps() -> None:
    x = drums(40)
    lost = {number for number in range(100, 250) if number % 7 < 2}
    y = concealed(x, lost)
    touched = np.zeros(len(x), bool)
    for number in lost:
        touched[number * BLOCK : (number + 1) * BLOCK + round(0.002 * RATE)] = True
    np.testing.assert_array_equal(y[~touched], x.astype(np.float32)[~touched])
    np.testing.assert_array_equal(y, concealed(x, lost))


def test_a_long_gap_in_a_loop_fades() -> None:
    x = drums(60)
    lost = set(range(200, 230))
    y = concealed(x, lost)
    assert not y[214 * BLOCK : 230 * BLOCK].any()


def test_doubt_leaves_the_extrapolation_and_what_is_added() -> None:
    rng = np.random.default_rng(2)
    before, after, coefficients = rng.standard_normal(8), rng.standard_normal(5), np.array([0.5, -0.2])
    added = rng.standard_normal(15)
    ahead = interpolate(before, np.zeros(0), 10, coefficients)
    doubted = interpolate(before, after, 10, coefficients, added=added, doubt=1e12)
    np.testing.assert_allclose(doubted, ahead + added[:10], atol=1e-9)


def test_music_without_repetition_is_searched_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[int] = []
    monkeypatch.setattr(channel, "find_match", lambda heard, _rate: searched.append(len(heard)))
    x = np.random.default_rng(3).standard_normal(800 * BLOCK)  # 16 s, of which 10 are remembered
    concealed(x, set(range(5, 800, 10)))
    filled = sum(size < 10 * RATE for size in searched)
    assert filled == 50
    assert len(searched) - filled in (7, 8)  # one in four of 30
