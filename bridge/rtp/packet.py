"""RTP packets (RFC 3550, section 5.1): bytes to fields and back."""

import struct
from dataclasses import dataclass

_VERSION = 2
_HEADER = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")
_WORD_BYTES = 4
_RTCP_TYPES = range(192, 224)
"""Second bytes by which RTCP is told from RTP on one port (RFC 5761, section 4)."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet; every field keeps the range that its bits have on the wire."""

    payload_type: int
    """0-127."""
    sequence: int
    """0-65535."""
    timestamp: int
    """In samples of the stream's clock, 0 to 2³²-1."""
    ssrc: int
    """Source of the stream, 0 to 2³²-1."""
    payload: bytes
    marker: bool = False
    contributors: tuple[int, ...] = ()
    """SSRCs of what a mixer has mixed, 15 at most."""
    extension: tuple[int, bytes] | None = None
    """Profile (0-65535) and data, a multiple of four bytes."""
    padding: int = 0
    """Bytes that the packet is longer than what it carries, 0-255."""


def is_rtcp(datagram: bytes) -> bool:
    """Whether a datagram is a report about a stream and no part of it."""
    return len(datagram) > 1 and datagram[0] >> 6 == _VERSION and datagram[1] in _RTCP_TYPES


def parse_packet(datagram: bytes) -> Packet | None:
    """The packet in a datagram; None for anything that is not one. Takes any bytes and never raises."""
    if len(datagram) < _HEADER.size:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(datagram)
    if first >> 6 != _VERSION:
        return None
    start = _HEADER.size + _WORD_BYTES * (first & 0x0F)
    end = len(datagram)
    if start > end:
        return None
    contributors = struct.unpack_from(f"!{first & 0x0F}I", datagram, _HEADER.size)
    extension = None
    if first & 0x10:
        extension = _parse_extension(datagram, start)
        if extension is None:
            return None
        start += _EXTENSION.size + len(extension[1])
    padding = 0
    if first & 0x20:
        padding = datagram[-1]
        end -= padding
        if padding == 0 or start > end:
            return None
    return Packet(
        payload_type=second & 0x7F,
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        payload=datagram[start:end],
        marker=bool(second & 0x80),
        contributors=contributors,
        extension=extension,
        padding=padding,
    )


def parse_rtp(datagram: bytes) -> list[Packet] | None:
    """The packet in a datagram; [] for RTCP, None for garbage."""
    if is_rtcp(datagram):
        return []
    packet = parse_packet(datagram)
    return None if packet is None else [packet]


def packet_bytes(packet: Packet) -> bytes:
    """The datagram of a packet; padding is zeros and their count."""
    first = _VERSION << 6 | len(packet.contributors)
    first |= (packet.padding > 0) << 5 | (packet.extension is not None) << 4
    second = packet.marker << 7 | packet.payload_type
    parts = [
        _HEADER.pack(first, second, packet.sequence, packet.timestamp, packet.ssrc),
        struct.pack(f"!{len(packet.contributors)}I", *packet.contributors),
    ]
    if packet.extension is not None:
        profile, data = packet.extension
        parts += [_EXTENSION.pack(profile, len(data) // _WORD_BYTES), data]
    parts.append(packet.payload)
    if packet.padding:
        parts.append(bytes(packet.padding - 1) + bytes([packet.padding]))
    return b"".join(parts)


def _parse_extension(datagram: bytes, start: int) -> tuple[int, bytes] | None:
    if start + _EXTENSION.size > len(datagram):
        return None
    profile, words = _EXTENSION.unpack_from(datagram, start)
    start += _EXTENSION.size
    data = datagram[start : start + _WORD_BYTES * words]
    return (profile, data) if len(data) == _WORD_BYTES * words else None
