"""The order of packets: sequence numbers and timestamps that never wrap, and what begins a new stream."""

from dataclasses import dataclass

from tsumami.bridge.rtp.packet import Packet

_MOST_SKIPPED = 3000
"""Packets that may be lost at once; beyond, the sender has begun anew (RFC 3550, appendix A.1)."""
_MOST_MISORDERED = 1000
"""The same backwards. The RFC's 100 are 130 ms of a stream with 64 samples a packet, too few."""
_JUMP_SECONDS = 1.0
"""Timestamps that differ by more from what the sequence numbers say have jumped."""
_PROBATION = 2
"""Packets in a row that make a first stream (RFC 3550: MIN_SEQUENTIAL)."""
_TAKEOVER = 3
"""The same where there is one already, so that a stray packet or a second sender does not end it."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet with its place in a stream."""

    stream: int
    """Counts streams from 0: another SSRC or payload type, or a jump of sequence numbers or
    timestamps, begins a new one."""
    sequence: int
    """Extended: grows by one a packet for ever; below the first where a later packet came before it."""
    timestamp: int
    """First sample, extended likewise."""
    frames: int
    payload: bytes
    arrived_seconds: float


class Sources:
    """Puts the packets of one port into streams, one at a time.

    Packets that do not continue the stream are held until enough of them agree with one another; then they
    are a new stream, of which nothing is lost. A packet that continues the present one ends their claim.
    """

    def __init__(self, sample_rate: int) -> None:
        self._slack = round(_JUMP_SECONDS * sample_rate)
        self._present: _Course | None = None
        self._claimant: _Course | None = None
        self._held: list[tuple[Packet, int, float]] = []
        self.streams = 0
        """Streams begun so far."""
        self.strays = 0
        """Packets that were held and never confirmed."""
        self.repeats = 0
        """Packets that came again while they were held."""

    @property
    def held(self) -> int:
        """Packets that wait for others to agree with them; few."""
        return len(self._held)

    @property
    def ssrc(self) -> int | None:
        """Source of the present stream."""
        return None if self._present is None else self._present.ssrc

    def accept(self, packet: Packet, frames: int, arrived_seconds: float) -> list[Arrival]:
        """Take a packet of ``frames`` samples; returns what is now known to belong to a stream."""
        arrivals = self._placed(packet, frames, arrived_seconds)
        if arrivals:
            return arrivals + self._dismiss()
        self._hold(packet, frames, arrived_seconds)
        if len(self._held) < (_PROBATION if self._present is None else _TAKEOVER):
            return []
        return self._begin()

    def _hold(self, packet: Packet, frames: int, arrived_seconds: float) -> None:
        if any(packet.ssrc == other.ssrc and packet.sequence == other.sequence for other, *_ in self._held):
            self.repeats += 1
            return
        if self._claimant is None or self._claimant.follow(packet, frames) is None:
            self._dismiss()
            self._claimant = _Course(packet, frames, self._slack)
        self._held.append((packet, frames, arrived_seconds))

    def _begin(self) -> list[Arrival]:
        first, frames, _ = self._held[0]
        self._present = _Course(first, frames, self._slack)
        self.streams += 1
        return self._dismiss()

    def _dismiss(self) -> list[Arrival]:
        """End the claim; what of it fits into the present stream after all."""
        held, self._held, self._claimant = self._held, [], None
        arrivals = [arrival for one in held for arrival in self._placed(*one)]
        self.strays += len(held) - len(arrivals)
        return arrivals

    def _placed(self, packet: Packet, frames: int, arrived_seconds: float) -> list[Arrival]:
        """The packet in the present stream; [] if it does not belong there."""
        place = None if self._present is None else self._present.follow(packet, frames)
        if place is None:
            return []
        return [Arrival(self.streams - 1, *place, frames, packet.payload, arrived_seconds)]


class _Course:
    """Where a stream has got to: the newest packet's place."""

    def __init__(self, packet: Packet, frames: int, slack: int) -> None:
        self.ssrc, self._payload_type = packet.ssrc, packet.payload_type
        self._sequence, self._timestamp, self._frames = packet.sequence, packet.timestamp, frames
        self._slack = slack

    def follow(self, packet: Packet, frames: int) -> tuple[int, int] | None:
        """Extended sequence number and timestamp of a packet; None if it does not belong here."""
        if (packet.ssrc, packet.payload_type) != (self.ssrc, self._payload_type):
            return None
        steps = _signed(packet.sequence - self._sequence, 16)
        if not -_MOST_MISORDERED <= steps <= _MOST_SKIPPED:
            return None
        moved = _signed(packet.timestamp - self._timestamp, 32)
        expected = steps * self._frames
        if abs(moved - expected) > self._slack + abs(expected):  # packets need not be of one size
            return None
        place = self._sequence + steps, self._timestamp + moved
        if steps > 0:
            (self._sequence, self._timestamp), self._frames = place, frames
        return place


def _signed(difference: int, bits: int) -> int:
    """The shortest way around a counter of so many bits."""
    half = 1 << bits - 1
    return (difference + half) % (2 * half) - half
