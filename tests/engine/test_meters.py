"""Histograms against numpy's exact percentiles; kernels as they are called from other kernels."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsumami.engine.jit import kernel
from tsumami.engine.meters import (
    BINS,
    BINS_PER_OCTAVE,
    HIGHEST_NS,
    LOWEST_NS,
    Histogram,
    count_non_finite,
    new_histogram,
    percentiles,
    record_duration,
)

RANKS = [0.0, 10.0, 50.0, 90.0, 99.0, 99.9, 100.0]
HALF_BIN = 2 ** (0.5 / BINS_PER_OCTAVE)

in_range = st.lists(st.integers(LOWEST_NS, HIGHEST_NS - 1), min_size=1, max_size=200)
any_duration = st.lists(st.integers(-(2**40), 2**40), max_size=200)


def histogram_of(durations: list[int]) -> Histogram:
    histogram = new_histogram()
    for duration in durations:
        record_duration(histogram, duration)
    return histogram


@settings(deadline=None)  # the first call compiles
@given(in_range)
def test_percentiles_are_within_half_a_bin_of_numpy(durations: list[int]) -> None:
    exact = np.percentile(durations, RANKS, method="inverted_cdf")
    error = percentiles(histogram_of(durations), RANKS) / exact
    # The extra 1e-9 covers the rounding of log2 at the edge of a bin.
    assert np.all(error <= HALF_BIN * (1 + 1e-9))
    assert np.all(error >= 1 / HALF_BIN * (1 - 1e-9))


@settings(deadline=None)  # the first call compiles
@given(any_duration, any_duration)
def test_merging_is_addition_and_nothing_is_lost(first: list[int], second: list[int]) -> None:
    merged = histogram_of(first) + histogram_of(second)
    assert np.array_equal(merged, histogram_of(first + second))
    assert merged.sum() == len(first) + len(second)


@settings(deadline=None)  # the first call compiles
@given(any_duration)
def test_percentiles_rise_and_stay_in_the_range(durations: list[int]) -> None:
    found = percentiles(histogram_of([*durations, LOWEST_NS]), RANKS)
    assert np.all(np.diff(found) >= 0)
    assert found[0] >= LOWEST_NS
    assert found[-1] <= HIGHEST_NS


@pytest.mark.parametrize(
    ("duration_ns", "expected_ns"), [(0, LOWEST_NS), (-5, LOWEST_NS), (10**12, HIGHEST_NS)]
)
def test_durations_outside_the_range_read_as_its_ends(duration_ns: int, expected_ns: int) -> None:
    assert percentiles(histogram_of([duration_ns]), [50]) == expected_ns


def test_an_empty_histogram_has_zero_percentiles() -> None:
    assert not percentiles(new_histogram(), RANKS).any()


def test_the_edges_of_the_range_fall_into_the_inner_bins() -> None:
    histogram = histogram_of([LOWEST_NS, HIGHEST_NS - 1])
    assert histogram[1] == histogram[BINS - 2] == 1


def test_a_kernel_records_into_a_row_of_a_record() -> None:
    block = np.zeros(1, np.dtype([("load", np.int64, (2, BINS))]))
    _record_second(block, 5_000)
    assert block["load"][0, 1].sum() == 1
    assert block["load"][0, 0].sum() == 0


@kernel
def _record_second(block: npt.NDArray[np.void], duration_ns: int) -> None:
    record_duration(block[0].load[1], duration_ns)


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.sampled_from([0.0, -1.0, 3e38, 1e-45, np.nan, np.inf, -np.inf]), max_size=40))
def test_non_finite_values_are_counted(values: list[float]) -> None:
    array = np.array(values, np.float32)
    assert count_non_finite(array) == np.count_nonzero(~np.isfinite(array))
