"""A performance beside a reference: which hit is which of the reference's, and how much later it is."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import SoundError

Values = npt.NDArray[np.float64]
Lanes = npt.NDArray[np.int64]

SAME_CLOCK_SECONDS: Final = 0.12
"""A reference that lies no farther off began at the same time, so how early or late all hits are is known."""
_STEP_SECONDS: Final = 0.005
_NEAR_STEPS: Final = 4
_WINDOW_SECONDS: Final = 0.08
_OTHER_LANE_SECONDS: Final = 0.03
"""What a hit counts as farther off from another lane's than from its own."""
_SHARE_MATCHED: Final = 0.3
_FEWEST_MATCHED: Final = 4
_PREFERENCE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Alignment:
    """Pairs of indices ``[matches, 2]`` (performance, reference), and where the reference begins."""

    pairs: npt.NDArray[np.int64]
    lag_seconds: float
    """When the performance has what the reference has at 0; exactly 0 where both began together."""


def align(times: Values, lanes: Lanes, reference: Values, reference_lanes: Lanes) -> Alignment:
    """Find a reference's hits in a performance, however far it begins into it; all times ordered.

    Raises `SoundError` where the two have little in common.
    """
    lag = _lag(times, lanes, reference, reference_lanes)
    pairs = _pairs(times - lag, lanes, reference, reference_lanes)
    if len(pairs) < max(_SHARE_MATCHED * min(len(times), len(reference)), _FEWEST_MATCHED):
        raise SoundError(
            f"reference must be of the same performance, got one that has {len(pairs)} of "
            f"{len(times)} hits; --bpm BPM needs none"
        )
    return Alignment(pairs, lag)


def _lag(times: Values, lanes: Lanes, reference: Values, reference_lanes: Lanes) -> float:
    """The delay at which most hits of the same lane fall together; none, where that is nearly as good."""
    is_same = lanes[:, None] == reference_lanes[None, :]
    differences = (times[:, None] - reference[None, :])[is_same if is_same.any() else ~is_same]
    low = float(differences.min())
    counts = np.bincount(((differences - low) / _STEP_SECONDS).astype(np.int64)).astype(np.float64)
    kernel = np.hanning(2 * _NEAR_STEPS + 3)[1:-1]
    scores = np.convolve(counts, kernel, "same")
    lags = low + (np.arange(len(scores)) + 0.5) * _STEP_SECONDS
    is_near = np.abs(lags) < SAME_CLOCK_SECONDS
    if is_near.any() and scores[is_near].max() >= _PREFERENCE * scores.max():
        return 0.0
    best = float(lags[scores.argmax()])
    near = differences[np.abs(differences - best) < _WINDOW_SECONDS / 2]
    return float(np.median(near))


def _pairs(times: Values, lanes: Lanes, reference: Values, reference_lanes: Lanes) -> npt.NDArray[np.int64]:
    """Match one to one, the nearest first, a lane with itself if it can be."""
    first = np.searchsorted(reference, times - SAME_CLOCK_SECONDS)
    last = np.searchsorted(reference, times + SAME_CLOCK_SECONDS)
    options = []
    for index, (begin, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        for other in range(begin, end):
            is_same = lanes[index] == reference_lanes[other]
            far = abs(times[index] - reference[other]) + (0.0 if is_same else _OTHER_LANE_SECONDS)
            if far < SAME_CLOCK_SECONDS:
                options.append((far, index, other))
    taken: tuple[set[int], set[int]] = (set(), set())
    pairs = []
    for _, index, other in sorted(options):
        if index not in taken[0] and other not in taken[1]:
            taken[0].add(index)
            taken[1].add(other)
            pairs.append((index, other))
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)
