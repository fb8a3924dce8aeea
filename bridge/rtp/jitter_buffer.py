"""The packets of one stream in the order of their samples. No clock and no thread: `Playout` has those."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
import numpy.typing as npt

from tsumami.bridge.rtp.sequence import Arrival

Samples = npt.NDArray[np.float32]
"""float32 ``[frames, channels]``."""

_MOST_PACKETS = 4096
_SEEN = 4096
"""More than the sequence numbers that `Sources` lets stand in one stream at a time."""


class Verdict(Enum):
    """What became of a packet that came in."""

    QUEUED = auto()
    DUPLICATE = auto()
    LATE = auto()
    """All its samples were due before it came."""
    OVERFLOWED = auto()
    """Too far ahead, or one packet too many."""


@dataclass(frozen=True, slots=True)
class Span:
    """Samples that follow each other in a stream, all received or all missing (zeros)."""

    samples: Samples
    is_lost: bool


@dataclass(slots=True)
class PacketCounts:
    """What became of every packet of a stream; all but the last two add up to what came."""

    played: int = 0
    queued: int = 0
    duplicate: int = 0
    late: int = 0
    overflowed: int = 0
    skipped: int = 0
    """Passed over when the position jumped or the stream ended, or under another packet."""
    undecodable: int = 0
    lost: int = 0
    """Never came, by the gaps in the sequence numbers; late ones did come."""
    reordered: int = 0
    """Came after one that was sent later, whatever else became of them."""


class JitterBuffer:
    """Takes packets in any order and gives their samples in order, a run of lost ones where one is missing.

    ``decode`` turns a payload into samples; it is called once for each packet that is played, in order, and
    may answer None. Memory is bounded: by ``capacity_frames`` ahead of the position, and by a number of
    packets.
    """

    def __init__(
        self, decode: Callable[[bytes], Samples | None], channels: int, capacity_frames: int
    ) -> None:
        self._decode, self._channels, self._capacity = decode, channels, capacity_frames
        self._heap: list[tuple[int, int, Arrival]] = []
        self._seen: list[int | None] = [None] * _SEEN
        self._lowest: int | None = None
        self._highest = 0
        self._playing: Samples = np.zeros((0, channels), np.float32)
        self._playing_at = 0
        self._counts = PacketCounts()
        self.position: int | None = None
        """Timestamp of the next sample to play; None before the first `move_to`."""

    @property
    def counts(self) -> PacketCounts:
        """What became of the packets so far."""
        counts = self._counts
        counts.queued = len(self._heap)
        if self._lowest is not None:
            came = counts.played + counts.queued + counts.late
            came += counts.overflowed + counts.skipped + counts.undecodable
            counts.lost = self._highest - self._lowest + 1 - came
        return counts

    @property
    def first(self) -> int | None:
        """Timestamp of the first packet that waits."""
        return self._heap[0][0] if self._heap else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to play."""
        return not self._heap and (self.position is None or not self._has(self.position))

    def insert(self, arrival: Arrival) -> Verdict:
        """Take a packet."""
        slot = arrival.sequence % _SEEN
        if self._seen[slot] == arrival.sequence:
            self._counts.duplicate += 1
            return Verdict.DUPLICATE
        self._seen[slot] = arrival.sequence
        self._note_order(arrival.sequence)
        if self.position is not None and arrival.timestamp + arrival.frames <= self.position:
            self._counts.late += 1
            return Verdict.LATE
        if self._is_too_much(arrival):
            self._counts.overflowed += 1
            return Verdict.OVERFLOWED
        heapq.heappush(self._heap, (arrival.timestamp, arrival.sequence, arrival))
        return Verdict.QUEUED

    def move_to(self, position: int) -> None:
        """Play on from the sample at ``position``; what lies before it is dropped."""
        self.position = position
        self._drop_behind()

    def take(self, frames: int) -> list[Span]:
        """The next samples, ``frames`` in all; [] before the first `move_to`."""
        if self.position is None:
            return []
        spans = []
        end = self.position + frames
        while self.position < end:
            span = self._next_span(self.position, end)
            self.position += len(span.samples)
            spans.append(span)
        return spans

    def close(self) -> None:
        """Drop what is left."""
        self._counts.skipped += len(self._heap)
        self._heap.clear()

    def _note_order(self, sequence: int) -> None:
        if self._lowest is None:
            self._lowest = self._highest = sequence
        self._counts.reordered += sequence < self._highest
        self._lowest = min(self._lowest, sequence)
        self._highest = max(self._highest, sequence)

    def _is_too_much(self, arrival: Arrival) -> bool:
        if len(self._heap) >= _MOST_PACKETS:
            return True
        first = self.position if self.position is not None else self.first
        return first is not None and arrival.timestamp + arrival.frames > first + self._capacity

    def _next_span(self, position: int, end: int) -> Span:
        """What lies at ``position``, as far as it is of one kind."""
        if not self._has(position):
            self._load(position)
        if self._has(position):
            samples = self._playing[position - self._playing_at : end - self._playing_at]
            return Span(samples, is_lost=False)
        if self.first is not None:
            end = min(end, self.first)
        return Span(np.zeros((end - position, self._channels), np.float32), is_lost=True)

    def _has(self, position: int) -> bool:
        return self._playing_at <= position < self._playing_at + len(self._playing)

    def _load(self, position: int) -> None:
        """Decode the packet at ``position``, if it is there."""
        self._drop_behind()
        while self._heap and self._heap[0][0] <= position and not self._has(position):
            timestamp, _, arrival = heapq.heappop(self._heap)
            samples = self._decode(arrival.payload)
            if samples is None:
                self._counts.undecodable += 1
            else:
                self._counts.played += 1
                self._playing, self._playing_at = samples, timestamp

    def _drop_behind(self) -> None:
        assert self.position is not None
        while self._heap and self._heap[0][0] + self._heap[0][2].frames <= self.position:
            heapq.heappop(self._heap)
            self._counts.skipped += 1
