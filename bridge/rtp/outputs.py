"""Where a received stream goes: a file or the network here, a device in `device_output`."""

import time
from pathlib import Path
from typing import Any, Protocol

from tsumami.bridge.rtp.codecs import Codec
from tsumami.bridge.rtp.jitter_buffer import Samples
from tsumami.bridge.rtp.port import Address
from tsumami.bridge.rtp.sender import RtpSender
from tsumami.bridge.wav_take import WavTake
from tsumami.engine.errors import SessionError


class Output(Protocol):
    """Takes a stream block by block, in the receiver's thread."""

    name: str
    """As a sentence has it: "file 'take.wav'"."""
    has_clock: bool
    """Whether it takes samples at a pace of its own, told by `clock`."""

    def write(self, samples: Samples) -> None:
        """Take samples, float32 ``[frames, channels]``; raises a `TsumamiError` when it cannot go on."""
        ...

    def clock(self) -> float:
        """Seconds of its own clock."""
        ...

    def watch(self) -> None:
        """Look after itself, in the main thread, some ten times a second."""
        ...

    def close(self) -> None:
        """Finish."""
        ...

    def document(self) -> dict[str, Any]:
        """What it did, for JSON; after `close` too."""
        ...


class FileOutput:
    """A 32-bit float WAV file that is whole at every moment; it begins with the stream's first sample."""

    has_clock = False

    def __init__(self, path: Path, codec: Codec, latency_samples: int) -> None:
        self.name = f"file {str(path)!r}"
        self._path = path
        self._take = WavTake(path, codec.sample_rate, codec.channels, name="--output")
        self._to_drop = latency_samples
        self._frames = 0

    def write(self, samples: Samples) -> None:
        """Append samples, without those that came before the stream."""
        dropped = min(self._to_drop, len(samples))
        self._to_drop -= dropped
        if dropped < len(samples):
            self._take.write(samples[dropped:])
            self._frames += len(samples) - dropped

    def clock(self) -> float:
        """This computer's."""
        return time.monotonic()

    def watch(self) -> None:
        """Nothing to look after."""

    def close(self) -> None:
        """Close the file."""
        self._take.close()

    def document(self) -> dict[str, Any]:
        """Where it is and how long."""
        return {"output": str(self._path), "output_frames": self._frames}


class NetworkOutput:
    """RTP to another address, in the codec in which it came."""

    has_clock = False

    def __init__(self, address: Address, codec: Codec, description: Path | None) -> None:
        self.name = str(address)
        self._sender = RtpSender(address, codec)
        if description is not None:
            _write_text(description, self._sender.description())

    def write(self, samples: Samples) -> None:
        """Send what makes whole packets."""
        self._sender.send(samples)

    def clock(self) -> float:
        """This computer's."""
        return time.monotonic()

    def watch(self) -> None:
        """Nothing to look after."""

    def close(self) -> None:
        """Send what is left."""
        self._sender.close()

    def document(self) -> dict[str, Any]:
        """Where it went, and how many packets."""
        return {"send": self.name, "sent": self._sender.sent, "unsent": self._sender.unsent}


def _write_text(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode())
    except OSError as error:
        raise SessionError(
            f"--sdp {str(path)!r} must be in a folder that exists and can be written to ({error})"
        ) from error
