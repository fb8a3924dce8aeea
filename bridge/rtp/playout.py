"""When which samples of a stream are played: start, pace, jumps, the end and the return of a sender."""

from collections.abc import Callable
from dataclasses import fields

import numpy as np

from tsumami.bridge.rtp.codecs import Decode
from tsumami.bridge.rtp.depth import Depth
from tsumami.bridge.rtp.jitter_buffer import JitterBuffer, PacketCounts, Span, Verdict
from tsumami.bridge.rtp.sequence import Arrival
from tsumami.bridge.rtp.stream import Stream

_CAPACITY_SECONDS = 2.0
_STOP_SECONDS = 1.0
"""Without a packet for so long, the sender has stopped."""
_JUMP_SECONDS = 0.1
"""A greater distance from the place where the playing should be is jumped, not approached."""
_LATE_SECONDS = 0.5
"""So much sound in a row that came too late: the network has changed for good."""
_STEER_PER_SECOND = 0.2
_HEARD_STEERING = 0.002
"""A change of pace by 3.5 cents, which is not heard."""
_FREE_STEERING = 0.05
_ANOTHER_RATE = 0.06
"""No clock is wrong by so much: the sender means another sample rate."""
_CATCHING_UP = 1.0
"""At twice the pace, for bursts come within moments but not within one."""


class Playout:
    """Gives one block after another, each at its time; every moment comes from outside.

    A packet is played `depth` after the earliest moment at which it could have come. The pace follows the
    sender's clock, and is steered where that moment or the depth moves. `insert` what comes; when the time is
    `due`, `take` a block. A stream that follows another begins at its own time, and the old one plays until
    then.

    What ``is_live`` gives as many samples in a second as a second has: the pace is steered by 3.5 cents at
    most, and a jump leaves samples out or lets some be missing. Else nothing that came in time is left out,
    and the blocks that follow are hastened or delayed instead of a jump.
    """

    def __init__(
        self,
        make_decoder: Callable[[], Decode],
        *,
        channels: int,
        sample_rate: int,
        block_size: int,
        depth: Depth,
        is_live: bool = True,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._make_decoder = make_decoder
        self._channels, self._rate, self._block_size = channels, sample_rate, block_size
        self._is_live = is_live
        self._tell = tell
        self._present: Stream | None = None
        self._next: Stream | None = None
        self._ended = PacketCounts()
        self._tail = 0
        self._said: set[str] = set()
        self._is_missed = False
        self.depth = depth
        self.due: float | None = None
        """When the next block is to be taken; None while there is nothing to wait for."""
        self.is_sounding = False
        """Whether a stream plays: False before the first and when the sender has stopped."""
        self.ratio = 1.0
        """Samples of the stream for one at the rate of our clock, now."""
        self.received_frames = 0
        """Played as they came."""
        self.concealed_frames = 0
        """Missing between such samples."""
        self.skips = 0
        """Jumps, of the stream or by us."""

    def insert(self, arrival: Arrival) -> None:
        """Take a packet."""
        newest = self._next or self._present
        if newest is None or arrival.stream > newest.number:
            newest = self._expect(arrival)
        verdict = newest.insert(arrival, self.depth)
        if verdict is Verdict.OVERFLOWED:
            self._say_once("packets come faster than they are played; a sender must keep time (ffmpeg: -re)")
        rate = newest.rate_hz(arrival)
        if rate is not None and abs(rate / self._rate - 1) > _ANOTHER_RATE:
            self._say_once(f"about {rate:.0f} samples come for each second; check --rate", "rate")
        if newest.late_frames > _LATE_SECONDS * self._rate:
            newest.begin_anew()
        if newest.starts_at is not None and not self.is_sounding:
            self.due = newest.starts_at

    def take(self, now: float) -> list[Span]:
        """The block that is `due`: spans of `block_size` frames in all, or [] when nothing plays.

        A block that is taken a little late is the same block.
        """
        if self.due is None or now > self.due + _JUMP_SECONDS:
            self.due = now
        spans = self._advance(self.due, now)
        if spans:
            self._count(spans)
            self.due += self._block_size / (self._rate * self.ratio)
        else:
            waiting = self._next or self._present
            self.due = None if waiting is None else waiting.starts_at
        return spans

    @property
    def counts(self) -> PacketCounts:
        """What became of all packets."""
        streams = (stream.buffer.counts for stream in (self._present, self._next) if stream is not None)
        return _sum(self._ended, *streams)

    @property
    def drift_ppm(self) -> float:
        """By how much the sender's clock is fast."""
        return 0.0 if self._present is None else self._present.clock.drift_ppm

    @property
    def jitter_seconds(self) -> float:
        """Interarrival jitter as RFC 3550 defines it."""
        return 0.0 if self._present is None else self._present.jitter_seconds

    def _expect(self, arrival: Arrival) -> Stream:
        """Make ready for another stream."""
        if self._next is not None:
            self._end(self._next)
            self._next = None
        buffer = JitterBuffer(self._make_decoder(), self._channels, round(_CAPACITY_SECONDS * self._rate))
        stream = Stream(arrival.stream, self._rate, buffer)
        if self._present is None:
            self._present = stream
        else:
            self._next = stream
        return stream

    def _advance(self, due: float, now: float) -> list[Span]:
        if self._next is not None and self._next.starts_at is not None and due >= self._next.starts_at:
            self._change_streams()
        stream = self._present
        if stream is None:
            return []
        if stream.starts_at is not None and due >= stream.starts_at:
            self.due = max(due, now)
            return self._start(stream)
        if stream.is_idle and now > stream.heard_at + _STOP_SECONDS:
            return self._stop(stream)
        if stream.buffer.position is None:
            return self._missing() if self.is_sounding else []
        if self._steer(stream, stream.buffer.position):
            return self._missing()
        return stream.buffer.take(self._block_size)

    def _start(self, stream: Stream) -> list[Span]:
        """Play the first that has come; what was heard before it fades in a block of its own."""
        first = stream.buffer.first
        assert first is not None
        stream.buffer.move_to(max(first, self._wanted(stream)) if self._is_live else first)
        stream.starts_at = None
        if self._is_missed:
            self._is_missed = False
            self._tell("the sender is back")
        was_sounding, self.is_sounding = self.is_sounding, True
        self.ratio = 1.0
        return self._missing() if was_sounding else stream.buffer.take(self._block_size)

    def _stop(self, stream: Stream) -> list[Span]:
        if self.is_sounding:
            self._tell("the sender has stopped; waiting for it")
            self._is_missed = True
        self.is_sounding = False
        self._tail = 0
        stream.has_stopped = True
        stream.buffer.position = None
        return []

    def _change_streams(self) -> None:
        assert self._present is not None
        self._end(self._present)
        self._present, self._next = self._next, None
        self.skips += 1

    def _end(self, stream: Stream) -> None:
        stream.buffer.close()
        self._ended = _sum(self._ended, stream.buffer.counts)

    def _wanted(self, stream: Stream) -> int:
        """The place that should play at the time that is due."""
        assert self.due is not None
        return round((self.due - stream.clock.delay_seconds(self.due) - self.depth.seconds) * self._rate)

    def _steer(self, stream: Stream, position: int) -> bool:
        """Set the pace; True if the position had to jump."""
        assert self.due is not None
        wanted = self._wanted(stream)
        behind = (wanted - position) / self._rate
        if abs(behind) > _JUMP_SECONDS and self._is_live:
            stream.buffer.move_to(wanted)
            self.skips += 1
            return True
        self.ratio = (1 + stream.clock.drift) * (1 + self._steering(behind))
        if behind < -_JUMP_SECONDS:
            self.due -= behind
        return False

    def _steering(self, behind: float) -> float:
        """By how much to be faster than the sender's clock, so many seconds behind the place."""
        if behind > _JUMP_SECONDS:
            return _CATCHING_UP
        most = _HEARD_STEERING if self._is_live else _FREE_STEERING
        return min(max(behind * _STEER_PER_SECOND, -most), most)

    def _say_once(self, text: str, topic: str = "") -> None:
        if (topic or text) not in self._said:
            self._said.add(topic or text)
            self._tell(text)

    def _missing(self) -> list[Span]:
        return [Span(np.zeros((self._block_size, self._channels), np.float32), is_lost=True)]

    def _count(self, spans: list[Span]) -> None:
        """A run that is missing counts when samples follow it: at the end of a stream nothing is missing."""
        for span in spans:
            if span.is_lost:
                self._tail += len(span.samples)
            else:
                self.concealed_frames += self._tail
                self.received_frames += len(span.samples)
                self._tail = 0


def _sum(*counts: PacketCounts) -> PacketCounts:
    return PacketCounts(
        **{field.name: sum(getattr(count, field.name) for count in counts) for field in fields(PacketCounts)}
    )
