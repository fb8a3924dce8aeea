"""Which parameter of u-he Diva each key of its presets sets, and over what range.

The rows of ``diva.csv`` stand in the order of the plugin's parameters. Two of those, ``VCC: TuningMode`` and
``VCC: MultiCore``, have no key whose meaning is known, and are left as the plugin has them.
"""

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tsumami.plugins.presets.preset import Setting
from tsumami.plugins.presets.text import setting_of

SYNTH: Final = "Diva"

Kind = Literal["continuous", "discrete", "choice", "unranged"]
"""``discrete``: whole numbers; ``choice``: one of a list; ``unranged``: kept as it is, no position known."""


@dataclass(frozen=True, slots=True)
class Key:
    """One row of ``diva.csv``: a key of a section and the plugin's parameter that it sets."""

    section: str
    key: str
    parameter: str
    kind: Kind
    minimum: float
    maximum: float
    default: Setting
    choices: tuple[str, ...]

    def setting(self, text: str) -> Setting | None:
        """The raw value that ``text`` spells; None when it spells none of this key."""
        if self.kind == "choice" and not _is_number(self.choices[0]):
            return text if text in self.choices else None
        return float(text) if _is_number(text) else None

    def position(self, setting: Setting) -> float | None:
        """Position 0-1 of a raw value, clipped; of a list, that of the nearest. None without a range."""
        if self.kind == "unranged":
            return None
        if self.kind == "choice":
            return self._nearest(setting) / (len(self.choices) - 1)
        raw = float(setting) if self.kind == "continuous" else float(round(float(setting)))
        return min(max((raw - self.minimum) / (self.maximum - self.minimum), 0.0), 1.0)

    def at(self, position: float) -> Setting:
        """The raw value at a position 0-1, the inverse of `position`; the default without a range."""
        if self.kind == "unranged":
            return self.default
        if self.kind == "choice":
            return setting_of(self.choices[round(position * (len(self.choices) - 1))])
        raw = self.minimum + position * (self.maximum - self.minimum)
        return raw if self.kind == "continuous" else float(round(raw))

    def holds(self, setting: Setting) -> bool:
        """Whether the value lies in the range or the list."""
        if self.kind == "choice":
            return setting in (*self.choices, *map(_number, self.choices))
        return self.kind == "unranged" or self.minimum <= float(setting) <= self.maximum

    def _nearest(self, setting: Setting) -> int:
        if isinstance(setting, str):
            return self.choices.index(setting)
        distances = [abs(_number(choice) - setting) for choice in self.choices]
        return distances.index(min(distances))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _is_number(text: str) -> bool:
    return math.isfinite(_number(text))


def _load_keys() -> tuple[Key, ...]:
    with Path(__file__).with_name("diva.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_key(row) for row in csv.DictReader(file))


def _key(row: dict[str, str]) -> Key:
    default = row["default"]
    return Key(
        row["section"],
        row["key"],
        row["parameter"],
        row["kind"],  # type: ignore[arg-type]
        _number(row["minimum"]),
        _number(row["maximum"]),
        float(default) if _is_number(default) else default,
        tuple(row["choices"].split("|")) if row["choices"] else (),
    )


KEYS: Final = _load_keys()

PARAMETERS: Final = tuple(key.parameter for key in KEYS)
"""The plugin's names of the parameters that presets set, in the plugin's order."""

BY_PLACE: Final = {(key.section, key.key): key for key in KEYS}
"""The rows by section and key."""
