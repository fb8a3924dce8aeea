"""What is fixed while a strip is active: its format, its input, its levels and its device."""

from dataclasses import dataclass
from typing import Literal

from tsumami.engine.errors import DeviceError
from tsumami.engine.strip.state import MAX_BLOCK_SIZE


@dataclass(frozen=True, slots=True)
class InputSettings:
    """What comes into a strip, at ``gain_db``; it goes to the mix where ``is_monitored``.

    ``source`` is a device or the input's ring. ``device`` is ``"auto"`` (the output's own, or the default of
    its sound system) or part of a PortAudio device's name; it is opened with two ``channels``, or with one
    that goes to both sides. With ``is_searched`` its blocks of zeros amid sound, and those that
    repeat the one before, are lost too, though the device tells of no loss.
    """

    source: Literal["device", "ring"] = "device"
    device: str = "auto"
    channels: int = 2
    gain_db: float = 0.0
    is_monitored: bool = True
    is_searched: bool = False

    def __post_init__(self) -> None:
        if self.channels not in (1, 2):
            raise DeviceError(f"input channels must be 1 or 2, got {self.channels}")


@dataclass(frozen=True, slots=True)
class StripSettings:
    """What is fixed while a strip is active.

    ``gain_db`` is the output gain at the start, ``ceiling_db`` what the limiter never lets pass. ``input`` is
    None where nothing comes in.
    """

    sample_rate: float = 48000.0
    block_size: int = 128
    gain_db: float = 0.0
    ceiling_db: float = -0.3
    input: InputSettings | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.block_size <= MAX_BLOCK_SIZE:
            raise DeviceError(f"block_size must be in 1-{MAX_BLOCK_SIZE}, got {self.block_size}")
        if not 8000 <= self.sample_rate <= 384000:
            raise DeviceError(f"sample_rate must be in 8000-384000 Hz, got {self.sample_rate:g}")

    @property
    def input_device(self) -> str:
        """The input device that is wanted, ``""`` where none is."""
        return "" if self.input is None or self.input.source != "device" else self.input.device


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """Which device to open: ``"auto"``, ``"null"``, or part of a PortAudio device's name.

    ``api`` narrows the choice to one host API ("JACK", "ALSA", "Core Audio", "ASIO", …).
    """

    name: str = "auto"
    api: str = ""
