"""JackTrip's packets, as those of a stream: a peer that plays to this computer is received like RTP.

Each has a header of 16 bytes, little-endian: microseconds, sequence number, frames, a code of the sample
rate, bits, and two counts of channels; then the samples, channel after channel. With redundancy a datagram
holds several, the newest first.
"""

import struct
from typing import Any

import numpy as np

from tsumami.bridge.rtp.codecs import DYNAMIC_TYPES, Decode, Linear, Parse
from tsumami.bridge.rtp.jitter_buffer import Samples
from tsumami.bridge.rtp.packet import Packet
from tsumami.engine.errors import ParameterError

_HEADER = struct.Struct("<QHHBBBB")
_RATES_HZ = (22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000)
"""By their code."""
_SAMPLES: dict[int, np.dtype[Any]] = {16: np.dtype("<i2"), 32: np.dtype("<f4")}
"""By bits; 8 and 24 are coded in ways of their own, and rare."""
_SCALES = {16: 2.0**15, 32: 1.0}
_EXIT = b"\xff" * 63
"""What a peer sends when it leaves."""


class JackTripParser:
    """Reads the datagrams of one peer: [] when it leaves, None for what is not of its rate and channels.

    Its 16-bit sequence numbers are the only clock in samples, so they are counted on beyond their wrap.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._rate_code = _RATES_HZ.index(rate_hz)
        self._channels = channels
        self._newest = 0

    def __call__(self, datagram: bytes) -> list[Packet] | None:
        """The packets of a datagram, in the order of their samples. Takes any bytes and never raises."""
        if datagram == _EXIT:
            return []
        packets: list[Packet] = []
        while datagram:
            size = self._size(datagram)
            if size is None or size > len(datagram):
                return None
            packets.insert(0, self._packet(datagram[:size]))
            datagram = datagram[size:]
        return packets or None

    def _size(self, datagram: bytes) -> int | None:
        """Bytes of the first packet; None where it is none of ours."""
        if len(datagram) < _HEADER.size:
            return None
        _, _, frames, rate_code, bits, _, _ = _HEADER.unpack_from(datagram)
        if rate_code != self._rate_code or bits not in _SAMPLES or not frames:
            return None
        return _HEADER.size + int(frames) * self._channels * _SAMPLES[bits].itemsize

    def _packet(self, data: bytes) -> Packet:
        _, sequence, frames, *_ = _HEADER.unpack_from(data)
        number = self._newest + (sequence - self._newest + 2**15) % 2**16 - 2**15
        self._newest = max(self._newest, number)
        return Packet(
            payload_type=DYNAMIC_TYPES[0],  # it knows none
            sequence=sequence,
            timestamp=number * frames % 2**32,
            ssrc=0,
            payload=data,
        )


class JackTrip(Linear):
    """The codec of a JackTrip peer with 16-bit or float samples; what is sent on is L16 over RTP."""

    protocol = "JackTrip of that rate and so many channels"

    def __init__(self, sample_rate: int, channels: int) -> None:
        if sample_rate not in _RATES_HZ:
            rates = ", ".join(map(str, _RATES_HZ))
            raise ParameterError(f"rate must be one of {rates} Hz for JackTrip, got {sample_rate}")
        super().__init__(2, sample_rate, channels)

    def parser(self) -> Parse:
        """What reads the datagrams of one peer."""
        return JackTripParser(self.sample_rate, self.channels)

    def frames(self, payload: bytes) -> int:
        """Frames of a packet that its parser has let through."""
        return int(_HEADER.unpack_from(payload)[2]) if len(payload) >= _HEADER.size else 0

    def decoder(self) -> Decode:
        """What reads the samples of such packets; those that are no numbers become silence."""
        return self._planes

    def _planes(self, payload: bytes) -> Samples | None:
        if len(payload) < _HEADER.size:
            return None
        _, _, frames, _, bits, _, _ = _HEADER.unpack_from(payload)
        dtype = _SAMPLES.get(bits)
        if dtype is None or len(payload) != _HEADER.size + frames * self.channels * dtype.itemsize:
            return None
        values = np.frombuffer(payload, dtype, offset=_HEADER.size).reshape(self.channels, frames).T
        samples = (values / _SCALES[bits]).astype(np.float32)
        return np.where(np.isfinite(samples), samples, np.float32(0.0))
