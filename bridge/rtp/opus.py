"""Opus over RTP (RFC 7587), coded by libopus through PyAV."""

from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np

from tsumami.bridge.rtp.codecs import Parse
from tsumami.bridge.rtp.jitter_buffer import Samples
from tsumami.bridge.rtp.packet import parse_rtp
from tsumami.engine.errors import ParameterError

_RATE_HZ = 48_000
_FRAME_MS: tuple[float, ...] = (*(10, 20, 40, 60) * 3, *(10, 20) * 2, *(2.5, 5, 10, 20) * 4)
"""Length of a frame by the configuration in a packet's first byte (RFC 6716, table 2)."""
_MOST_FRAMES = _RATE_HZ * 120 // 1000
_PACKET_MS = 10
_BITS_PER_CHANNEL = 96_000
_LAYOUTS = {1: "mono", 2: "stereo"}


class Opus:
    """Opus at 48 kHz, mono or stereo; a stream of the other is mixed or doubled by the decoder.

    Lost packets are concealed in samples like those of any codec: no packet's in-band copy of the one before
    (FEC) is read. After a loss the decoder needs a few packets until it is exact again.
    """

    protocol = "RTP"

    def __init__(self, sample_rate: int, channels: int) -> None:
        if sample_rate != _RATE_HZ:
            raise ParameterError(f"rate must be {_RATE_HZ} Hz for opus (RFC 7587), got {sample_rate}")
        if channels not in _LAYOUTS:
            raise ParameterError(f"channels must be 1 or 2 for opus, got {channels}")
        self.sample_rate, self.channels = sample_rate, channels
        self.packet_frames = _RATE_HZ * _PACKET_MS // 1000
        self.static_type: int | None = None
        self.rtp_name: tuple[str, int] = "opus", 2  # whatever it carries (RFC 7587, section 7)
        self._av = _load_av()

    def parser(self) -> Parse:
        """What reads RTP."""
        return parse_rtp

    def frames(self, payload: bytes) -> int:
        """How many frames (of samples) a packet holds, by its first bytes (RFC 6716, section 3)."""
        if not payload:
            return 0
        milliseconds = _frame_count(payload) * _FRAME_MS[payload[0] >> 3]
        frames = round(milliseconds * _RATE_HZ / 1000)
        return frames if frames <= _MOST_FRAMES else 0

    def decoder(self) -> "_Decoder":
        """What reads the packets of one stream."""
        return _Decoder(self._av, self.channels)

    def encoder(self) -> "_Encoder":
        """What writes them, 10 ms each; libopus delays the sound by 6.5 ms."""
        return _Encoder(self._av, self.channels)


class _Decoder:
    def __init__(self, av: Any, channels: int) -> None:
        self._av, self._channels = av, channels
        self._context = av.CodecContext.create("libopus", "r")
        self._context.sample_rate = _RATE_HZ
        self._context.layout = _LAYOUTS[channels]
        self._context.options = {"request_sample_fmt": "flt"}
        self._context.open()

    def __call__(self, payload: bytes) -> Samples | None:
        try:
            frames = self._context.decode(self._av.Packet(payload))
        except self._av.FFmpegError:
            return None
        if not frames:
            return None
        interleaved = np.concatenate([frame.to_ndarray().ravel() for frame in frames])
        return np.asarray(interleaved, np.float32).reshape(-1, self._channels)


class _Encoder:
    def __init__(self, av: Any, channels: int) -> None:
        self._av, self._layout = av, _LAYOUTS[channels]
        self._context = av.CodecContext.create("libopus", "w")
        self._context.sample_rate = _RATE_HZ
        self._context.layout = self._layout
        self._context.format = "flt"
        self._context.bit_rate = _BITS_PER_CHANNEL * channels
        self._context.time_base = Fraction(1, _RATE_HZ)
        self._context.options = {"frame_duration": str(_PACKET_MS)}
        self._context.open()

    def __call__(self, samples: Samples) -> bytes:
        row = np.ascontiguousarray(np.nan_to_num(samples), np.float32).reshape(1, -1)
        frame = self._av.AudioFrame.from_ndarray(row, format="flt", layout=self._layout)
        frame.sample_rate = _RATE_HZ
        (packet,) = self._context.encode(frame)
        return bytes(packet)


def _frame_count(payload: bytes) -> int:
    """One, two, or as many as the second byte says."""
    code = payload[0] & 3
    if code < 3:
        return 1 if code == 0 else 2
    return payload[1] & 0x3F if len(payload) > 1 else 0


def _load_av() -> Any:
    try:
        return import_module("av")
    except ImportError:
        raise ParameterError(
            "codec must be L16 or L24 without PyAV, got opus; pip install 'tsumami[stream]' brings it"
        ) from None
