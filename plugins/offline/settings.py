"""What is played to every preset, and how: the settings of a render."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from tsumami.engine.errors import ParameterError

Fresh = Literal["never", "patch"]
FRESH_POLICIES: Final[tuple[Fresh, ...]] = ("never", "patch")

_HIGHEST_MIDI_VALUE = 127
_LONGEST_SECONDS = 3600.0
_SAMPLE_RATES_HZ = (8_000, 192_000)
_BLOCK_SIZES = (16, 8192)


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """One note, or a performance when ``midi`` is given, as it is played to each preset.

    ``note`` and ``velocity`` (1-127) are MIDI's; the key is held for ``hold_seconds`` of
    ``length_seconds``. A ``midi`` file's bytes take the note's place; its length is the file's and two
    seconds more when ``length_seconds`` is 0. ``warm_up_seconds`` are rendered before the first event and
    discarded, so that smoothed parameters have arrived. ``channels`` is 1 (the mean of the plugin's
    channels) or 2.

    ``fresh`` is ``patch`` when every preset must meet the plugin as it was after loading, so that the sound
    does not depend on what was rendered before, or ``never`` when one instance renders all. A preset that
    takes longer than ``time_limit_seconds`` is given up. Raises `ParameterError` for a value out of its
    range.
    """

    note: int = 60
    velocity: int = 100
    hold_seconds: float = 3.5
    length_seconds: float = 4.0
    sample_rate: int = 22_050
    channels: int = 1
    warm_up_seconds: float = 0.3
    fresh: Fresh = "patch"
    block_size: int = 512
    time_limit_seconds: float = 30.0
    midi: bytes | None = None

    def __post_init__(self) -> None:
        _check_integer("note", self.note, 0, _HIGHEST_MIDI_VALUE)
        _check_integer("velocity", self.velocity, 1, _HIGHEST_MIDI_VALUE)
        _check_integer("sample_rate", self.sample_rate, *_SAMPLE_RATES_HZ)
        _check_integer("channels", self.channels, 1, 2)
        _check_integer("block_size", self.block_size, *_BLOCK_SIZES)
        _check_seconds("length_seconds", self.length_seconds, 0.0 if self.midi else 0.01)
        _check_seconds("warm_up_seconds", self.warm_up_seconds, 0.0)
        _check_seconds("time_limit_seconds", self.time_limit_seconds, 0.1)
        if self.midi is None and not 0.0 < self.hold_seconds <= self.length_seconds:
            raise ParameterError(
                "hold_seconds must be above 0 and at most length_seconds, "
                f"got {self.hold_seconds:g} of {self.length_seconds:g}"
            )
        if self.fresh not in FRESH_POLICIES:
            raise ParameterError(f"fresh must be one of {', '.join(FRESH_POLICIES)}, got {self.fresh!r}")

    @property
    def warm_up_frames(self) -> int:
        """Frames rendered first and discarded."""
        return round(self.warm_up_seconds * self.sample_rate)

    def document(self) -> dict[str, Any]:
        """What decides the samples, as JSON can say it; the performance itself is told by its hash."""
        facts = asdict(self)
        del facts["midi"], facts["time_limit_seconds"]
        if self.midi is not None:
            del facts["note"], facts["velocity"], facts["hold_seconds"]
        return facts


def _check_integer(name: str, value: int, lowest: int, highest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise ParameterError(f"{name} must be a whole number in {lowest}-{highest}, got {value!r}")


def _check_seconds(name: str, value: float, lowest: float) -> None:
    if not math.isfinite(value) or not lowest <= value <= _LONGEST_SECONDS:
        raise ParameterError(f"{name} must be in {lowest:g}-{_LONGEST_SECONDS:g} s, got {value!r}")
