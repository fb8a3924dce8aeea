"""A stream of blocks as RTP packets, out to an address."""

import secrets
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np

from tsumami.bridge.rtp.codecs import DYNAMIC_TYPES, Codec
from tsumami.bridge.rtp.jitter_buffer import Samples
from tsumami.bridge.rtp.packet import Packet, packet_bytes
from tsumami.bridge.rtp.port import Address, open_output

_PAUSE_SECONDS = 0.5


class RtpSender:
    """Sends each packet as soon as its last sample has come: blocks that come in time leave in time.

    After a pause of half a second or more the timestamps go on by as much, and the first packet has the
    marker bit (RFC 3551, section 4.1). Sequence number and timestamp begin at random (RFC 3550).
    """

    def __init__(
        self,
        address: Address,
        codec: Codec,
        payload_type: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address, self._codec, self._clock = address, codec, clock
        self.payload_type = payload_type or codec.static_type or DYNAMIC_TYPES[0]
        self._encode = codec.encoder()
        self._socket, self._target = open_output(address)
        self._ssrc = secrets.randbits(32)
        self._sequence = secrets.randbits(16)
        self._timestamp = secrets.randbits(32)
        self._pending: Samples = np.zeros((0, codec.channels), np.float32)
        self._heard_at: float | None = None
        self._is_first = True
        self.sent = 0
        """Packets that have left."""
        self.unsent = 0
        """Packets that the network did not take."""

    def send(self, samples: Samples) -> None:
        """Take samples, float32 ``[frames, channels]``, and send the packets that are full."""
        self._note_pause()
        self._pending = np.concatenate([self._pending, samples])
        frames = self._codec.packet_frames
        while len(self._pending) >= frames:
            self._send_packet(self._encode(self._pending[:frames]))
            self._pending = self._pending[frames:]
            self._timestamp += frames

    def close(self) -> None:
        """Send what is left, filled up with silence."""
        if len(self._pending):
            missing = self._codec.packet_frames - len(self._pending)
            self.send(np.zeros((missing, self._codec.channels), np.float32))
        self._socket.close()

    def description(self) -> str:
        """The stream in the words of SDP (RFC 8866), which players such as ffplay and VLC open."""
        family = "IP6" if ":" in self._address.host else "IP4"
        name, channels = self._codec.rtp_name
        return "\r\n".join(
            (
                "v=0",
                f"o=- {self._ssrc} 0 IN {family} {self._address.host}",
                "s=Tsumami",
                f"c=IN {family} {self._address.host}",
                "t=0 0",
                f"m=audio {self._address.port} RTP/AVP {self.payload_type}",
                f"a=rtpmap:{self.payload_type} {name}/{self._codec.sample_rate}/{channels}",
                "",
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _note_pause(self) -> None:
        now = self._clock()
        if self._heard_at is not None and now - self._heard_at > _PAUSE_SECONDS:
            self._timestamp += round((now - self._heard_at) * self._codec.sample_rate)
            self._is_first = True
        self._heard_at = now

    def _send_packet(self, payload: bytes) -> None:
        packet = Packet(
            payload_type=self.payload_type,
            sequence=self._sequence % 2**16,
            timestamp=self._timestamp % 2**32,
            ssrc=self._ssrc,
            payload=payload,
            marker=self._is_first,
        )
        self._sequence += 1
        self._is_first = False
        try:
            self._socket.sendto(packet_bytes(packet), self._target)
            self.sent += 1
        except OSError:
            self.unsent += 1
