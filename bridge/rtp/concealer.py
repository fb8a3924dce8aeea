"""What repairs a stream, as the receiver sees it; the engine's is one of this shape."""

from typing import Protocol

from tsumami.bridge.rtp.jitter_buffer import Samples


class Concealer(Protocol):
    """Fills what is lost in a stream, block by block."""

    @property
    def latency_samples(self) -> int:
        """By how much what it gives is later than what it takes."""
        ...

    def process(self, block: Samples, is_lost: bool) -> Samples:
        """As many frames as ``block`` has, any number, float32 ``[frames, channels]``."""
        ...

    def reset(self) -> None:
        """Begin from silence."""
        ...
