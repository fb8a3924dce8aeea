"""What is fixed while a strip is active: its format, its levels and its device."""

from dataclasses import dataclass

from tsumami.engine.errors import DeviceError
from tsumami.engine.strip_state import MAX_BLOCK_SIZE


@dataclass(frozen=True, slots=True)
class StripSettings:
    """What is fixed while a strip is active.

    ``gain_db`` is the output gain at the start, ``ceiling_db`` what the limiter never lets pass.
    """

    sample_rate: float = 48000.0
    block_size: int = 128
    gain_db: float = 0.0
    ceiling_db: float = -0.3

    def __post_init__(self) -> None:
        if not 1 <= self.block_size <= MAX_BLOCK_SIZE:
            raise DeviceError(f"block_size must be in 1-{MAX_BLOCK_SIZE}, got {self.block_size}")
        if not 8000 <= self.sample_rate <= 384000:
            raise DeviceError(f"sample_rate must be in 8000-384000 Hz, got {self.sample_rate:g}")


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """Which device to open: ``"auto"``, ``"null"``, or part of a PortAudio device's name.

    ``api`` narrows the choice to one host API ("JACK", "ALSA", "Core Audio", "ASIO", …).
    """

    name: str = "auto"
    api: str = ""
