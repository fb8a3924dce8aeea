"""Load histograms and a finite check, as kernels over plain arrays that may live in shared memory.

A histogram is int64 ``[BINS]``, zeros when empty. Its bins are log-spaced, 16 to an octave from 1 µs
to 1.05 s, with one more bin at each end, so a percentile is known to ±2.2 % whatever the load was.
Merging is addition, resetting is filling with zeros. One thread writes; a reader on another may miss
the last record, never see a torn one.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tsumami.engine.jit import kernel

BINS_PER_OCTAVE = 16
OCTAVES = 20
BINS = OCTAVES * BINS_PER_OCTAVE + 2
"""Length of a histogram; the first bin counts all below the range, the last all above."""

LOWEST_NS = 1_000
HIGHEST_NS = LOWEST_NS * 2**OCTAVES

Histogram = npt.NDArray[np.int64]


def new_histogram() -> Histogram:
    """An empty histogram, int64 ``[BINS]``."""
    return np.zeros(BINS, np.int64)


@kernel
def record_duration(histogram: Histogram, duration_ns: int) -> None:
    """Count one duration in nanoseconds. [audio thread]"""
    if duration_ns < LOWEST_NS:
        histogram[0] += 1
    elif duration_ns >= HIGHEST_NS:
        histogram[BINS - 1] += 1
    else:
        histogram[1 + int(BINS_PER_OCTAVE * math.log2(duration_ns / LOWEST_NS))] += 1


def percentiles(histogram: Histogram, ranks: Sequence[float]) -> npt.NDArray[np.float64]:
    """Durations in nanoseconds below which ``ranks`` percent of the records lie; zeros when it is empty.

    Each is the geometric middle of the bin that holds numpy's ``inverted_cdf`` percentile; the first bin
    reads as the lower end of the range, the last as the upper end.
    """
    cumulative = np.cumsum(histogram)
    total = cumulative[-1]
    if total == 0:
        return np.zeros(len(ranks))
    index = np.ceil(np.asarray(ranks) / 100 * total - 1)  # of the sorted records, as numpy rounds it
    bins = np.searchsorted(cumulative, np.clip(index, 0, total - 1), side="right")
    middles = LOWEST_NS * np.exp2((bins - 0.5) / BINS_PER_OCTAVE)
    return np.asarray(np.clip(middles, LOWEST_NS, HIGHEST_NS), np.float64)


@kernel
def count_non_finite(values: npt.NDArray[np.float32]) -> int:
    """How many of ``values`` (one-dimensional) are NaN or infinite. [any thread]"""
    count = 0
    for value in values:
        if not math.isfinite(value):
            count += 1
    return count
