"""Stretches that are what was heard just before, once more: the same samples, bit for bit."""

from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.jit import kernel
from tsumami.engine.restoration.detection_damage import Damage, DamageKind
from tsumami.engine.restoration.detection_edges import CONTEXT_SECONDS, is_joint
from tsumami.engine.restoration.detection_history import History

SHORTEST_LAG: Final = 64
LONGEST_LAG_SECONDS: Final = 0.06
"""Between a stretch and what it repeats: a packet, of a network or a device."""
LONGEST_SECONDS: Final = 0.5

_MOST_TIMES: Final = 4
"""That a packet is heard again in a row; a tone is longer."""
_BESIDE: Final = 64
"""Frames beside a repetition that have to differ from those a lag before by …"""
_DIFFERENCE: Final = 0.05
"""… so much of its level: what goes on much alike is a tone."""
_WINDOW: Final = 16
"""Frames by which a repetition is noticed."""
_LEAST_CHANGES: Final = 8
"""Within a window: where next to nothing changes, everything is a repetition."""
_LEAST_FRAMES: Final = 64
_QUIETEST: Final = 1e-3
"""Loudest sample of a packet: what is next to silence may well repeat itself."""
_TABLE: Final = 1 << 16
_FACTOR: Final = 0x9E3779B97F4A7C15

Keys = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

_HASH, _CHANGES, _BEGIN, _LAG = range(4)
"""Of the state: the hash of the newest window and its changes, and the repetition that goes on; its lag is
0 where there is none."""


class RepeatFinder:
    """Finds packets heard twice: all channels equal those of up to `LONGEST_LAG_SECONDS` before.

    A tone repeats itself too. What is told is cut off at one of its ends, or is noise.
    """

    def __init__(self, channels: int, sample_rate: float) -> None:  # noqa: ARG002
        self._rate = sample_rate
        self._longest_lag = round(LONGEST_LAG_SECONDS * sample_rate)
        self._keys: Keys = np.zeros(self._longest_lag + 2 * _WINDOW, np.uint64)
        self._at = 0
        self._table: Places = np.full(_TABLE, -1, np.int64)
        self._state: Keys = np.zeros(4, np.uint64)
        self._waiting: deque[tuple[int, int, int]] = deque()

    def find(self, history: History, is_over: bool) -> list[Damage]:
        """What is certain by now."""
        new = _keys_of(history.span(self._at, history.end))
        kept = self._longest_lag + 2 * _WINDOW
        keys = np.concatenate([self._keys[-kept:], new])
        runs = _repeats(keys, self._at - kept, kept, self._longest_lag, self._table, self._state)
        self._keys, self._at = keys, history.end
        self._waiting += [run for run in map(tuple, runs.tolist()) if self._is_of_packets(*run)]
        found = []
        while self._waiting and (is_over or self._waiting[0][1] + _BESIDE <= history.end):
            begin, end, lag = self._waiting.popleft()
            if self._is_damage(history, begin, end, lag):
                found.append(Damage(begin, end, DamageKind.REPEATS))
        return found

    def _is_of_packets(self, begin: int, end: int, lag: int) -> bool:
        frames = end - begin
        times = round(frames / lag)
        is_whole = abs(frames - times * lag) <= 1 and times <= _MOST_TIMES
        return (is_whole or frames < lag) and frames <= LONGEST_SECONDS * self._rate

    def _is_damage(self, history: History, begin: int, end: int, lag: int) -> bool:
        loudest = np.abs(history.span(begin, end)).max()
        if loudest < _QUIETEST:
            return False
        least = _DIFFERENCE * loudest
        for first in (begin - _BESIDE, end):
            beside = history.span(first, first + _BESIDE), history.span(first - lag, first + _BESIDE - lag)
            size = min(part.shape[1] for part in beside)
            if size and np.abs(beside[0][:, :size] - beside[1][:, :size]).max() < least:
                return False
        return self._is_joined(history, begin) or self._is_joined(history, end)

    def _is_joined(self, history: History, place: int) -> bool:
        before = history.span(place - round(CONTEXT_SECONDS * self._rate), place)
        return any(map(is_joint, before, history.span(place, place + _WINDOW)))


def _keys_of(samples: npt.NDArray[np.float64]) -> Keys:
    """A number for each frame: frames that differ in a channel have another, as good as always."""
    bits = (samples.astype(np.float32) + np.float32(0.0)).view(np.uint32)  # -0 as 0
    keys = np.zeros(samples.shape[1], np.uint64)
    for channel in bits:
        keys = keys * np.uint64(_FACTOR) + channel
    return keys


@kernel
def _repeats(keys: Keys, first: int, begin: int, longest_lag: int, table: Places, state: Keys) -> Places:
    """Repetitions ``[runs, 3]`` that end within the keys from index ``begin`` on: begin, end and lag.

    ``first`` is the place of index 0; ``table`` has the newest place of each window by its hash.
    """
    factor = np.uint64(_FACTOR)
    leaving = np.uint64(1)
    for _ in range(_WINDOW):
        leaving *= factor
    runs = np.empty((len(keys) // _LEAST_FRAMES + 2, 3), np.int64)
    count = 0
    for i in range(begin, len(keys)):
        state[_HASH] = state[_HASH] * factor + keys[i] - leaving * keys[i - _WINDOW]
        state[_CHANGES] += np.uint64(keys[i] != keys[i - 1])
        state[_CHANGES] -= np.uint64(keys[i - _WINDOW] != keys[i - _WINDOW - 1])
        lag = np.int64(state[_LAG])
        if lag > 0 and keys[i] != keys[i - lag]:
            start = np.int64(state[_BEGIN])
            if first + i - start >= _LEAST_FRAMES:
                runs[count, 0], runs[count, 1], runs[count, 2] = start, first + i, lag
                count += 1
            lag = np.int64(0)
        slot = np.int64(state[_HASH] >> np.uint64(48))
        if state[_CHANGES] >= np.uint64(_LEAST_CHANGES):
            if lag == 0:
                lag = _lag_of(keys, i, first + i - table[slot], longest_lag)
                state[_BEGIN] = np.uint64(first + i - _WINDOW + 1)
            table[slot] = first + i
        state[_LAG] = np.uint64(lag)
    return runs[:count]


@kernel
def _lag_of(keys: Keys, i: int, lag: np.int64, longest_lag: int) -> np.int64:
    """The lag, if the window that ends at an index is the same so much earlier; 0 if not."""
    if not SHORTEST_LAG <= lag <= longest_lag:
        return np.int64(0)
    for back in range(_WINDOW):
        if keys[i - back] != keys[i - back - lag]:
            return np.int64(0)
    return lag
