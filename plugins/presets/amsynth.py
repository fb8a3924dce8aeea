"""Banks and presets of amsynth: plain text, one ``<parameter> name value`` a line.

::

    amSynth
    <preset> <name> Warm Pad
    <parameter> amp_attack 0.25
    ...
    EOF

A bank begins with ``amSynth`` and ends with ``EOF``; a single preset, which is also the plugin's saved state,
begins with ``amSynth1.0preset``. Banks of older versions lack the newer parameters.
"""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tsumami.engine.errors import ParameterError
from tsumami.plugins.presets.preset import Preset, Setting
from tsumami.plugins.presets.text import decode_text, number_text, one_line

FORMAT: Final = "amsynth"
SYNTH: Final = "amsynth"
SUFFIXES: Final = (".bank", ".amsynth")
RANGES_PATH: Final = Path(__file__).with_name("amsynth.csv")

_BANK_HEADER: Final = "amSynth"
_PRESET_HEADER: Final = "amSynth1.0preset"
_END: Final = "EOF"
_NOISE: Final = 1e-6
"""Part of the range by which a value may lie outside: banks hold the dust of single precision, -1.5e-09."""


@dataclass(frozen=True, slots=True)
class Range:
    """One row of ``amsynth.csv``, which `tsumami.plugins.presets.amsynth_ranges` reads from the plugin."""

    name: str
    minimum: float
    maximum: float
    default: float
    steps: int
    """How many values the parameter takes; 0 when it is continuous."""

    def position(self, raw: float) -> float:
        """Position 0-1 of a raw value, clipped; of a discrete parameter, that of the nearest step."""
        position = min(max((raw - self.minimum) / (self.maximum - self.minimum), 0.0), 1.0)
        return round(position * (self.steps - 1)) / (self.steps - 1) if self.steps else position

    def raw(self, position: float) -> float:
        """Raw value at a position 0-1, in the six digits that amsynth writes; of steps, the nearest."""
        if self.steps:
            position = round(position * (self.steps - 1)) / (self.steps - 1)
        return float(f"{self.minimum + position * (self.maximum - self.minimum):.6g}")

    def holds(self, raw: float) -> bool:
        """Whether ``raw`` lies in the range, give or take the dust of single precision."""
        dust = _NOISE * (self.maximum - self.minimum)
        return self.minimum - dust <= raw <= self.maximum + dust


def _load_ranges() -> tuple[Range, ...]:
    with RANGES_PATH.open(encoding="utf-8", newline="") as file:
        return tuple(
            Range(
                row["name"],
                float(row["minimum"]),
                float(row["maximum"]),
                float(row["default"]),
                int(row["steps"]),
            )
            for row in csv.DictReader(file)
        )


RANGES: Final = _load_ranges()
"""The parameters in the order of the plugin's indices."""

PARAMETERS: Final = tuple(row.name for row in RANGES)
"""Their names, as the plugin and the banks spell them alike."""

_BY_NAME: Final = {row.name: row for row in RANGES}


def recognises(data: bytes) -> bool:
    """Whether ``data`` begins as a bank or preset of amsynth does."""
    return data.split(b"\n", 1)[0].rstrip() in (_BANK_HEADER.encode(), _PRESET_HEADER.encode())


def decode(data: bytes, source: str) -> tuple[Preset, ...]:
    """All presets of a bank, or the one of a preset file, in the file's order.

    Raises `ParameterError` for what is not a bank, is cut off, or holds a value that is not a number.
    """
    header, *lines = (line.rstrip("\r") for line in decode_text(data, source).split("\n"))
    if header.rstrip() not in (_BANK_HEADER, _PRESET_HEADER):
        raise ParameterError(f"{source} must begin with {_BANK_HEADER}, got {header[:40]!r}")
    is_bank = header.rstrip() == _BANK_HEADER
    if is_bank and _END not in map(str.strip, lines):
        raise ParameterError(f"{source} must end with {_END}, got a file that is cut off")
    entries = _split(lines, source)
    presets = tuple(
        _preset(entry, f"{source}#{number}" if is_bank else source) for number, entry in enumerate(entries, 1)
    )
    if not presets:
        raise ParameterError(f"{source} must hold at least one <preset>, got none")
    return presets


def encode(presets: Sequence[Preset]) -> bytes:
    """The text of a bank that holds ``presets``; `ParameterError` when one is not amsynth's."""
    lines = [_BANK_HEADER]
    for preset in presets:
        values = _raw_values(preset) if preset.synth == SYNTH else {}
        if not values:
            whose = preset.synth or "an unknown synth"
            raise ParameterError(
                f"preset must be one of {SYNTH} with its values, got {preset.name!r} of {whose}"
            )
        lines += _preset_lines(preset, values)
    return "\n".join([*lines, _END, ""]).encode("utf-8")


_Entry = tuple[str, dict[str, float], dict[str, str]]
"""Name, settings by name, lines that are not understood by their first two words."""


def _split(lines: Iterable[str], source: str) -> list[_Entry]:
    """The presets of a file's lines after the header, up to the end mark."""
    entries: list[_Entry] = []
    for number, line in enumerate(lines, 2):
        kind, _, rest = line.strip().partition(" ")
        if kind == _END:
            break
        if kind == "<preset>":
            entries.append((rest.removeprefix("<name>").strip(), {}, {}))
        elif kind and not entries:
            raise ParameterError(f"{source}, line {number} must be a <preset>, got {line[:40]!r}")
        elif kind:
            _take(entries[-1], kind, rest, f"{source}, line {number}")
    return entries


def _take(entry: _Entry, kind: str, rest: str, place: str) -> None:
    """Add one line of a preset to it."""
    _, settings, unknown = entry
    name, _, text = rest.strip().partition(" ")
    if kind != "<parameter>" or name not in _BY_NAME:
        unknown[f"{kind} {name}".strip()] = text
        return
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ParameterError(f"{place}: {name} must be a number, got {text[:40]!r}")
    settings[name] = value


def _preset(entry: _Entry, source: str) -> Preset:
    name, given, unknown = entry
    settings: dict[str, Setting] = {row.name: given.get(row.name, row.default) for row in RANGES}
    return Preset(
        name,
        FORMAT,
        SYNTH,
        source,
        settings=settings,
        positions={row.name: row.position(given.get(row.name, row.default)) for row in RANGES},
        unknown=unknown,
        filled=tuple(row.name for row in RANGES if row.name not in given),
        clipped=tuple(name for name, value in given.items() if not _BY_NAME[name].holds(value)),
    )


def _raw_values(preset: Preset) -> dict[str, float]:
    """Raw values by name; of a preset that came in another format, those of its positions."""
    if preset.format == FORMAT:
        return {name: float(value) for name, value in preset.settings.items()}
    return {row.name: row.raw(preset.positions[row.name]) for row in RANGES if row.name in preset.positions}


def _preset_lines(preset: Preset, values: Mapping[str, float]) -> list[str]:
    filled = frozenset(preset.filled)
    return [
        f"<preset> <name> {one_line(preset.name)}",
        *(f"<parameter> {name} {number_text(value)}" for name, value in values.items() if name not in filled),
        *(f"{words} {text}".rstrip() for words, text in preset.unknown.items()),
    ]
