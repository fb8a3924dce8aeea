"""Datagrams in, packets of a stream out; all else is counted, and said once."""

from collections.abc import Callable

from tsumami.bridge.rtp.codecs import DYNAMIC_TYPES, Codec, static_meaning
from tsumami.bridge.rtp.packet import Packet
from tsumami.bridge.rtp.sequence import Arrival, Sources


class Intake:
    """Takes any datagram. Without ``payload_type``, every type that may mean the codec is taken for it."""

    def __init__(
        self, codec: Codec, payload_type: int | None = None, tell: Callable[[str], None] = lambda _: None
    ) -> None:
        self._codec = codec
        self._types = _types_of(codec) if payload_type is None else frozenset({payload_type})
        self._tell = tell
        self._parse = codec.parser()
        self.sources = Sources(codec.sample_rate)
        self.received = 0
        """Packets of the right type with sound in them."""
        self.reports = 0
        """Datagrams that rightly hold no sound: RTCP, a peer's leave."""
        self.garbage = 0
        """No RTP, or no whole frames in it."""
        self.wrong_type = 0
        """RTP of another payload type."""

    def take(self, datagram: bytes, arrived_seconds: float) -> list[Arrival]:
        """Take a datagram; returns the packets that are now known to belong to a stream."""
        packets = self._parse(datagram)
        if packets is None:
            self._refuse(f"what comes is no {self._codec.protocol}")
            return []
        self.reports += not packets
        return [arrival for packet in packets for arrival in self._take_packet(packet, arrived_seconds)]

    def _take_packet(self, packet: Packet, arrived_seconds: float) -> list[Arrival]:
        if packet.payload_type not in self._types:
            self._refuse_type(packet.payload_type)
            return []
        frames = self._codec.frames(packet.payload)
        if frames == 0:
            self._refuse(f"packets of {len(packet.payload)} bytes come, which are no whole frames")
            return []
        self.received += 1
        return self.sources.accept(packet, frames, arrived_seconds)

    def _refuse_type(self, payload_type: int) -> None:
        self.wrong_type += 1
        if self.wrong_type == 1:
            meaning = static_meaning(payload_type)
            self._tell(
                f"payload type {payload_type} comes and is not played{meaning and f' (it is {meaning})'}; "
                f"{_listed(self._types)} would be, or set --payload-type"
            )

    def _refuse(self, reason: str) -> None:
        self.garbage += 1
        if self.garbage == 1:
            self._tell(f"{reason}; check the sender's address, codec and channels")


def _types_of(codec: Codec) -> frozenset[int]:
    static = () if codec.static_type is None else (codec.static_type,)
    return frozenset({*DYNAMIC_TYPES, *static})


def _listed(types: frozenset[int]) -> str:
    """Types as ranges: "10, 96-127"."""
    numbers = sorted(types)
    starts = [number for number in numbers if number - 1 not in types]
    ends = [number for number in numbers if number + 1 not in types]
    pairs = zip(starts, ends, strict=True)
    return ", ".join(str(start) if start == end else f"{start}-{end}" for start, end in pairs)
