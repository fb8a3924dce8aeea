"""How late a device hears what is played to its click: as it states it, or as it was measured."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import platformdirs

from tsumami.engine.config import Message
from tsumami.engine.errors import SessionError
from tsumami.plugins.offline.wav import write_beside

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Latency:
    """The ways of a device, in seconds."""

    round_trip: float
    """From the sample of a click, to that at which the click is heard."""
    heard: float
    """From the input's converter to the sample at which it is heard."""
    is_measured: bool

    def __str__(self) -> str:
        how = "measured" if self.is_measured else "as the device states it: --calibrate measures it"
        return f"{1000.0 * self.round_trip:.1f} ms from click to hit ({how})"


class _Entry(msgspec.Struct, frozen=True):
    round_trip_ms: float
    spread_ms: float


class _Document(msgspec.Struct):
    version: int = _VERSION
    devices: dict[str, _Entry] = {}


class LatencyFile:
    """Measured round trips by device, input, sample rate and block size, in the user's configuration."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or platformdirs.user_config_path("tsumami", appauthor=False) / "latency.json"

    def latency(self, engine: Message, sample_rate: int, block_size: int) -> Latency:
        """Of the device that ``engine`` plays to and hears; raises `SessionError` for a file that is broken.

        What a measured round trip is longer than the stated one is taken to be half input, half output.
        """
        stated = engine.input_latency_seconds
        heard = stated - engine.latency_seconds
        entry = self._read().devices.get(_key(engine, sample_rate, block_size))
        if entry is None:
            return Latency(stated, heard, is_measured=False)
        measured = entry.round_trip_ms / 1000.0
        return Latency(measured, max(heard + (measured - stated) / 2.0, 0.0), is_measured=True)

    def keep(
        self, engine: Message, sample_rate: int, block_size: int, round_trip: float, spread: float
    ) -> None:
        """Keep a measurement, seconds; raises `SessionError`."""
        document = self._read()
        entry = _Entry(round(1000.0 * round_trip, 3), round(1000.0 * spread, 3))
        document.devices[_key(engine, sample_rate, block_size)] = entry
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_beside(self.path, msgspec.json.format(msgspec.json.encode(document)))
        except OSError as error:
            raise SessionError(
                f"calibration must be kept in a writable file, got {self.path} ({error.strerror})"
            ) from error

    def _read(self) -> _Document:
        try:
            document = msgspec.json.decode(self.path.read_bytes(), type=_Document)
        except FileNotFoundError:
            return _Document()
        except (OSError, msgspec.DecodeError) as error:
            raise SessionError(
                f"calibration must be a file of `tsumami groove --calibrate`, got {self.path} ({error}); "
                "remove it and calibrate anew"
            ) from error
        return document if document.version == _VERSION else _Document()


def _key(engine: Message, sample_rate: int, block_size: int) -> str:
    return f"{engine.device} | {engine.input} | {sample_rate} Hz | {block_size} frames"
