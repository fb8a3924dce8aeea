"""How exactly hits are heard: precision, recall, times and delay against a rendered performance's truth.

Hits are matched one to one, in order of time, within a window. An onset is one or more hits, of whatever
lanes, within 5 ms of the first of them, at the time of the first: the same rule joins truth and what was
found, so a drummer's kick and hat that are meant to be one count once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.groove.hit_state import LANES
from tsumami.training.groove.performances import Hits as TrueHits

Times = npt.NDArray[np.float64]
Found = np.ndarray[tuple[int], np.dtype[np.void]]

WINDOWS_MS: Final = (5.0, 10.0, 25.0)
GHOST_VELOCITY: Final = 50
_TOGETHER_SECONDS: Final = 0.005


@dataclass(frozen=True, slots=True)
class Count:
    """Hits found, missed and invented; counts of many pieces add up."""

    matched: int = 0
    missed: int = 0
    invented: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.matched + other.matched, self.missed + other.missed, self.invented + other.invented)

    @property
    def recall(self) -> float:
        """Share of the true hits that were found."""
        return self.matched / max(self.matched + self.missed, 1)

    @property
    def precision(self) -> float:
        """Share of the found hits that are true."""
        return self.matched / max(self.matched + self.invented, 1)

    @property
    def f(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.matched / max(2 * self.matched + self.missed + self.invented, 1)


def match_times(true: Times, found: Times, window_seconds: float) -> npt.NDArray[np.int64]:
    """Pairs of indices ``[matches, 2]`` of two ordered lists of times: as many as the window allows."""
    pairs = []
    i = j = 0
    while i < len(true) and j < len(found):
        off = found[j] - true[i]
        if abs(off) <= window_seconds:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif off > 0:
            i += 1
        else:
            j += 1
    return np.array(pairs, np.int64).reshape(-1, 2)


def count(true: Times, found: Times, window_ms: float) -> Count:
    """Of two ordered lists of times."""
    matched = len(match_times(true, found, window_ms / 1000.0))
    return Count(matched, len(true) - matched, len(found) - matched)


def onsets(times: Times, together_seconds: float = _TOGETHER_SECONDS) -> npt.NDArray[np.int64]:
    """Indices of the first hit of every onset, of ordered times."""
    firsts: list[int] = []
    for index, time in enumerate(times):
        if not firsts or time - times[firsts[-1]] > together_seconds:
            firsts.append(index)
    return np.array(firsts, np.int64)


def onset_times(times: Times) -> Times:
    """Times of the onsets among ordered times."""
    return np.asarray(times[onsets(times)])


def lane_times(hits: TrueHits, lane: str) -> Times:
    """Ordered times of a lane's onsets in a truth."""
    times = np.sort(hits["time_seconds"][hits["lane"] == lane])
    return np.asarray(times[onsets(times)])


@dataclass(frozen=True, slots=True)
class Score:
    """One piece: counts by window, by lane at 10 ms, of ghost notes, and the errors of matched onsets."""

    plain: dict[float, Count]
    lanes: dict[str, Count]
    ghosts: Count
    ghosts_in_lane: Count
    errors_ms: Times
    """Of onsets matched within 25 ms: found less true."""
    lane_errors_ms: dict[str, Times]
    delays_ms: Times
    """From the true time of a matched hit to its report."""


def score(true: TrueHits, found: Found, sample_rate: float) -> Score:
    """Compare found hits (the engine's `HIT_DTYPE`) with a truth, both ordered by time."""
    found_times = np.asarray(found["sample"] / sample_rate)
    true_onsets = np.asarray(true["time_seconds"][onsets(true["time_seconds"])])
    firsts = onsets(found_times)
    found_onsets = found_times[firsts]
    widest = match_times(true_onsets, found_onsets, WINDOWS_MS[-1] / 1000.0)
    reported = found["reported_sample"][firsts] / sample_rate
    lanes, lane_errors = {}, {}
    for lane in LANES[:-1]:
        theirs = found_times[found["lane"] == LANES.index(lane)]
        ours = lane_times(true, lane)
        lanes[lane] = count(ours, theirs, 10.0)
        pairs = match_times(ours, theirs, WINDOWS_MS[-1] / 1000.0)
        lane_errors[lane] = 1000.0 * (theirs[pairs[:, 1]] - ours[pairs[:, 0]])
    return Score(
        {window: count(true_onsets, found_onsets, window) for window in WINDOWS_MS},
        lanes,
        _ghosts(true, true_onsets, found_times),
        _ghosts_in_lane(true, found, found_times),
        1000.0 * (found_onsets[widest[:, 1]] - true_onsets[widest[:, 0]]),
        lane_errors,
        1000.0 * (reported[widest[:, 1]] - true_onsets[widest[:, 0]]),
    )


def _ghosts(true: TrueHits, true_onsets: Times, found: Times) -> Count:
    """Onsets whose hits are all soft: whether something was heard there, to 10 ms."""
    place = np.searchsorted(true_onsets, true["time_seconds"], "right") - 1
    loudest = np.zeros(len(true_onsets), np.int64)
    np.maximum.at(loudest, place, true["velocity"])
    pairs = match_times(true_onsets, found, 0.01)
    is_heard = np.zeros(len(true_onsets), bool)
    is_heard[pairs[:, 0]] = True
    is_soft = loudest < GHOST_VELOCITY
    heard = int((is_heard & is_soft).sum())
    return Count(heard, int(is_soft.sum()) - heard)


def _ghosts_in_lane(true: TrueHits, found: Found, found_times: Times) -> Count:
    """Soft hits: whether they were heard in their own lane, whatever else was played, to 10 ms."""
    total = Count()
    for lane in LANES[:-1]:
        hits = true[true["lane"] == lane]
        pairs = match_times(hits["time_seconds"], found_times[found["lane"] == LANES.index(lane)], 0.01)
        is_heard = np.zeros(len(hits), bool)
        is_heard[pairs[:, 0]] = True
        is_soft = hits["velocity"] < GHOST_VELOCITY
        heard = int((is_heard & is_soft).sum())
        total += Count(heard, int(is_soft.sum()) - heard)
    return total


def spread_ms(errors: Sequence[Times]) -> float:
    """Standard deviation of all errors about their mean."""
    together = np.concatenate(list(errors)) if errors else np.zeros(0)
    return float(together.std()) if len(together) else 0.0
