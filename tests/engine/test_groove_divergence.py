"""The divergence of latents: nothing from itself, the textbook's for Gaussians, and always a number."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from tsumami.engine.groove.divergence import HIT_SECONDS, LEVEL, SIZE, at_hits, at_level, divergence

_EXACT = 1e-4
"""Sums of a few float32 numbers, up to a hundred times as large as their result."""


def encodings(components: int, seed: int, frames: int = 50) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return rng.normal(0.0, 0.7, (frames, SIZE * components)).astype(np.float32)


@pytest.mark.parametrize("components", [1, 2, 3])
def test_nothing_diverges_from_itself(components: int) -> None:
    one, other = encodings(components, 0), encodings(components, 1)
    before = one.copy()
    np.testing.assert_allclose(divergence(one, one), 0.0, atol=_EXACT)
    assert divergence(one, other).min() > 0.0
    np.testing.assert_array_equal(one, before)


def test_one_component_is_equation_5() -> None:
    ours, theirs = encodings(1, 2), encodings(1, 3)
    expected = [equation_5(*gaussian(one), *gaussian(two)) for one, two in zip(ours, theirs, strict=True)]
    np.testing.assert_allclose(divergence(ours, theirs), expected, rtol=_EXACT, atol=_EXACT)


def gaussian(numbers: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    _, x, y, log_a, log_b, c = numbers.astype(np.float64)
    lower = np.array([[math.exp(log_a), 0.0], [c, math.exp(log_b)]])
    return np.array([x, y]), lower @ lower.T


def equation_5(
    mean: npt.NDArray[np.float64],
    covariance: npt.NDArray[np.float64],
    their_mean: npt.NDArray[np.float64],
    their_covariance: npt.NDArray[np.float64],
) -> float:
    inverse, off = np.linalg.inv(their_covariance), their_mean - mean
    log_ratio = math.log(np.linalg.det(their_covariance) / np.linalg.det(covariance))
    return float(0.5 * (log_ratio + np.trace(inverse @ covariance) + off @ inverse @ off - 2.0))


def test_components_that_are_alike_are_one() -> None:
    one, other = encodings(1, 4), encodings(1, 5)
    np.testing.assert_allclose(
        divergence(np.tile(one, 2), np.tile(other, 3)), divergence(one, other), rtol=_EXACT, atol=_EXACT
    )


def test_huge_numbers_stay_numbers() -> None:
    huge = np.full((1, SIZE), 1e3, np.float32)
    assert np.isfinite(divergence(huge, -huge)).all()


def test_a_hit_is_the_mean_from_its_time_on() -> None:
    curve = np.zeros(48_000, np.float32)
    frames = round(HIT_SECONDS * 48_000)
    curve[1000 : 1000 + frames] = 2.0
    times = np.array([1000.0, 1000.0 + frames / 2, 30_000.0, 47_999.0, 60_000.0]) / 48_000
    np.testing.assert_allclose(at_hits(curve, times, 48_000.0), [2.0, 1.0, 0.0, 0.0, 0.0], atol=1e-6)


def test_all_sounds_are_heard_equally_loud() -> None:
    sound = np.random.default_rng(0).normal(0.0, 0.01, 10_000).astype(np.float32)
    for gain in (0.1, 1.0, 30.0):
        np.testing.assert_allclose(at_level(gain * sound).std(), LEVEL, rtol=1e-3)
    assert not at_level(np.zeros(10, np.float32)).any()
    assert np.abs(at_level(np.eye(1, 2000, dtype=np.float32)[0])).max() == 1.0
