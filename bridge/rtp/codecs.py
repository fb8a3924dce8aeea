"""What RTP payloads carry: linear samples of 16 and 24 bits (RFC 3551, RFC 3190), and Opus in `opus`."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from tsumami.bridge.rtp.jitter_buffer import Samples
from tsumami.bridge.rtp.packet import Packet, parse_rtp
from tsumami.engine.errors import ParameterError

Parse = Callable[[bytes], list[Packet] | None]
"""Datagram to its packets; [] where it is right to hold none, None where it is garbage."""
Decode = Callable[[bytes], Samples | None]
"""Payload to float32 ``[frames, channels]``, in the order of sending; None where it cannot be read."""
Encode = Callable[[Samples], bytes]
"""``packet_frames`` of float32 ``[frames, channels]`` to a payload."""

DYNAMIC_TYPES = range(96, 128)
"""Payload types whose meaning sender and receiver agree on (RFC 3551, section 6)."""
_STATIC_TYPES = {(2, 44_100, 2): 10, (2, 44_100, 1): 11}  # sample bytes, rate, channels
_MOST_PAYLOAD_BYTES = 1440  # of the 1500 of Ethernet, without the headers of IP, UDP and RTP
_PACKET_SECONDS = 0.005
_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 8_000, 192_000
_MOST_CHANNELS = 16
_SAMPLE_BYTES = {"L16": 2, "L24": 3}

CODECS = (*_SAMPLE_BYTES, "opus", "jacktrip")
"""Names, as session descriptions write them; JackTrip's packets are not RTP but are received alike."""


class Codec(Protocol):
    """One kind of payload. Decoders and encoders remember what went before: one for each stream."""

    protocol: str
    """What its datagrams are: "RTP"."""
    sample_rate: int
    channels: int
    packet_frames: int
    """Frames in each packet that is sent; one that comes may have any number."""
    static_type: int | None
    """The payload type that always means this, if there is one."""
    rtp_name: tuple[str, int]
    """Encoding name and channels as a session description has them."""

    def parser(self) -> Parse:
        """What reads the datagrams of one port."""
        ...

    def frames(self, payload: bytes) -> int:
        """How many frames a payload holds, without decoding it; 0 for what is none."""
        ...

    def decoder(self) -> Decode:
        """What reads the payloads of one stream."""
        ...

    def encoder(self) -> Encode:
        """What writes them."""
        ...


class Linear:
    """Samples as big-endian two's complement of ``sample_bytes`` bytes, channels interleaved."""

    protocol = "RTP"

    def __init__(self, sample_bytes: int, sample_rate: int, channels: int) -> None:
        self.sample_rate, self.channels = sample_rate, channels
        self.rtp_name = f"L{8 * sample_bytes}", channels
        self._sample_bytes = sample_bytes
        self._frame_bytes = sample_bytes * channels
        self._scale = float(2 ** (8 * sample_bytes - 1))
        self.packet_frames = min(
            round(_PACKET_SECONDS * sample_rate), _MOST_PAYLOAD_BYTES // self._frame_bytes
        )
        self.static_type = _STATIC_TYPES.get((sample_bytes, sample_rate, channels))

    def parser(self) -> Parse:
        """What reads RTP."""
        return parse_rtp

    def frames(self, payload: bytes) -> int:
        """How many frames a payload holds; 0 when it ends within one."""
        frames, rest = divmod(len(payload), self._frame_bytes)
        return 0 if rest else frames

    def decoder(self) -> Decode:
        """What reads payloads; float32 holds every value exactly."""
        return self._decode

    def encoder(self) -> Encode:
        """What writes payloads; beyond full scale it clips."""
        return self._encode

    def _decode(self, payload: bytes) -> Samples | None:
        if not self.frames(payload):
            return None
        words = np.zeros((len(payload) // self._sample_bytes, 4), np.uint8)
        words[:, : self._sample_bytes] = np.frombuffer(payload, np.uint8).reshape(-1, self._sample_bytes)
        values = words.view(">i4").reshape(-1, self.channels) >> 8 * (4 - self._sample_bytes)
        return (values / self._scale).astype(np.float32)

    def _encode(self, samples: Samples) -> bytes:
        scaled = np.rint(np.nan_to_num(samples).astype(np.float64) * self._scale)
        values = scaled.clip(-self._scale, self._scale - 1).astype(">i4")
        return values.view(np.uint8).reshape(-1, 4)[:, -self._sample_bytes :].tobytes()


def static_meaning(payload_type: int) -> str:
    """What a payload type always means, in a few words; empty where that is none of these codecs."""
    for (sample_bytes, rate, channels), static in _STATIC_TYPES.items():
        if static == payload_type:
            return f"L{8 * sample_bytes} at {rate} Hz in {channels} channel{'s' * (channels > 1)}"
    return ""


def make_codec(name: str, sample_rate: int, channels: int) -> Codec:
    """The codec of this name, one of `CODECS`; raises `ParameterError`."""
    if not 1 <= channels <= _MOST_CHANNELS:
        raise ParameterError(f"channels must be in 1-{_MOST_CHANNELS}, got {channels}")
    if not _LOWEST_RATE_HZ <= sample_rate <= _HIGHEST_RATE_HZ:
        raise ParameterError(f"rate must be in {_LOWEST_RATE_HZ}-{_HIGHEST_RATE_HZ} Hz, got {sample_rate}")
    names = {known.casefold(): known for known in CODECS}
    known = names.get(name.casefold())
    if known is None:
        raise ParameterError(f"codec must be one of {', '.join(CODECS)}, got {name}")
    if known == "opus":
        from tsumami.bridge.rtp.opus import Opus

        return Opus(sample_rate, channels)
    if known == "jacktrip":
        from tsumami.bridge.rtp.jacktrip import JackTrip

        return JackTrip(sample_rate, channels)
    return Linear(_SAMPLE_BYTES[known], sample_rate, channels)
