"""Distances are zero for the same sound and behave with level; summaries are seeded and cover."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsumami.plugins.match.mel import BANDS, FRAMES
from tsumami.training.macros.metrics import (
    METRICS,
    QUIET_DB,
    choice_accuracy,
    is_quiet,
    parameter_error,
    sound_distances,
    summarise,
)

Array = npt.NDArray[np.floating[Any]]


def sounds(seed: int, count: int = 3) -> Array:
    """Mels over eight decades of power."""
    return 10.0 ** np.random.default_rng(seed).uniform(-6, 2, (count, BANDS, FRAMES))


def test_every_metric_of_the_table_is_measured() -> None:
    values = np.full((3, 2), 0.5, np.float32)
    found = {**sound_distances(sounds(0), sounds(1)), "MSEn": parameter_error(values, values)}
    assert set(found) == {metric.name for metric in METRICS}
    assert {distances.shape for distances in found.values()} == {(3,)}


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.floats(-6, 6))
def test_the_same_sound_is_at_no_distance(seed: int, decades: float) -> None:
    same = sounds(seed) * 10.0**decades
    for name, distances in sound_distances(same, same).items():
        np.testing.assert_array_equal(distances, 0.0, err_msg=name)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 100.0))
def test_level_common_to_both_changes_only_the_squared_error(seed: int, gain: float) -> None:
    one, two = sounds(seed), sounds(seed + 1)
    before, after = sound_distances(one, two), sound_distances(one * gain, two * gain)
    np.testing.assert_allclose(after["MSE"], before["MSE"] * gain**2, rtol=1e-9)
    for name in ("SC", "LSD", "MFCC"):
        np.testing.assert_allclose(after[name], before[name], rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("gain_db", [-6.0, 3.0, 10.0])
def test_level_of_one_is_what_each_metric_says(gain_db: float) -> None:
    one, gain = sounds(4), 10 ** (gain_db / 10)
    found = sound_distances(one, one * gain)
    np.testing.assert_allclose(found["SC"], abs(gain - 1.0), rtol=1e-9)
    np.testing.assert_allclose(found["LSD"], abs(gain_db), rtol=1e-9)
    np.testing.assert_allclose(found["MFCC"], 0.0, atol=1e-9)


def test_the_smooth_part_of_a_spectrum_is_within_the_whole() -> None:
    found = sound_distances(sounds(5), sounds(6))
    assert np.all(found["MFCC"] <= found["LSD"])


def test_an_answer_of_silence_is_bounded_and_two_silences_are_one() -> None:
    one, nothing = sounds(7), np.zeros((3, BANDS, FRAMES))
    found = sound_distances(one, nothing)
    np.testing.assert_allclose(found["SC"], 1.0)
    assert np.all(found["LSD"] <= 100.0)
    assert all(np.isfinite(distances).all() for distances in found.values())
    for distances in sound_distances(nothing, nothing).values():
        np.testing.assert_array_equal(distances, 0.0)


def test_quiet_sounds_are_those_far_under_the_median() -> None:
    levels_db = np.array([0.0, 3.0, -3.0, -QUIET_DB + 1, -QUIET_DB - 1, -90.0, 20.0])
    mels = sounds(8, 1) * 10 ** (levels_db / 10)[:, None, None]
    # The median level is -3 dB.
    np.testing.assert_array_equal(is_quiet(mels), levels_db < -QUIET_DB - 3.0)


def test_choices_are_right_when_the_nearest_step_is() -> None:
    counts = (0, 3, 2)
    values = np.array([[0.3, 0.5, 0.0], [0.9, 1.0, 1.0]])
    assert choice_accuracy(values, values, counts) == 1.0
    assert choice_accuracy(values, [[0.0, 0.7, 0.4], [0.0, 0.7, 0.6]] @ np.eye(3), counts) == 0.75
    assert choice_accuracy(values, values, (0, 0, 0)) is None


def test_the_mean_of_the_parameter_error_is_that_of_the_whole() -> None:
    rng = np.random.default_rng(9)
    values, predicted = rng.random((2, 50, 16))
    whole = ((values - predicted) ** 2).mean() / (values**2).mean()
    np.testing.assert_allclose(parameter_error(values, predicted).mean(), whole, rtol=1e-12)


def test_parameters_at_zero_are_guarded() -> None:
    assert np.isfinite(parameter_error(np.zeros((2, 3)), np.ones((2, 3)))).all()


def test_a_summary_is_seeded_and_says_what_numpy_says() -> None:
    values = np.random.default_rng(10).lognormal(size=80)
    found = summarise(values, seed=3)
    assert found == summarise(values, seed=3)
    assert found != summarise(values, seed=4)
    assert (found.mean, found.std, found.median) == (values.mean(), values.std(), np.median(values))


def test_an_interval_of_one_value_is_a_point() -> None:
    found = summarise(np.array([0.5]))
    assert found.mean_interval == found.median_interval == (0.5, 0.5)


def test_nothing_has_no_summary() -> None:
    with pytest.raises(ValueError, match="at least one, got none"):
        summarise(np.zeros(0))


@pytest.mark.parametrize("name", ["mean", "median"])
def test_intervals_cover_the_truth_as_often_as_they_say(name: str) -> None:
    rng = np.random.default_rng(11)
    covered = 0
    for seed in range(200):
        low, high = getattr(summarise(rng.normal(1.0, 2.0, 60), seed), f"{name}_interval")
        covered += low <= 1.0 <= high
    # 190 are expected; four standard deviations of a binomial, and the bootstrap's own bias, below that.
    assert covered >= 175
