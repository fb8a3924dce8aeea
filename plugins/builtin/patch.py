"""A patch: a named, tagged set of parameter positions, and the words that patches are described with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError
from tsumami.engine.parameter import Parameter
from tsumami.plugins.builtin.parameters import INDEX, PARAMETERS, default_values

CATEGORIES: Final = ("bass", "lead", "pad", "keys", "pluck", "percussion", "texture")

TAG_PAIRS: Final = (
    ("bright", "dark"),
    ("aggressive", "calm"),
    ("moving", "static"),
    ("percussive", "soft"),
    ("long", "short"),
    ("thick", "thin"),
    ("noisy", "clean"),
    ("wide", "narrow"),
)
"""Opposites: a patch has at most one tag of each pair."""

TAGS: Final = frozenset(tag for pair in TAG_PAIRS for tag in pair)

Setting = float | str
"""What a patch says of a parameter: a number in the parameter's unit, or the name of a choice."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A sound by name. ``values`` are positions 0-1, float32 ``[len(PARAMETERS)]``, not to be written to."""

    name: str
    category: str
    tags: frozenset[str]
    values: npt.NDArray[np.float32]


def _position(parameter: Parameter, setting: Setting) -> float:
    """Position of one setting; `ParameterError` when it is not in the parameter's range."""
    if parameter.choices:
        if setting not in parameter.choices:
            raise ParameterError(
                f"{parameter.name} must be one of {', '.join(parameter.choices)}, got {setting!r}"
            )
        return parameter.from_unit(parameter.choices.index(str(setting)))
    is_number = isinstance(setting, int | float) and not isinstance(setting, bool)
    if not is_number or not parameter.minimum <= float(setting) <= parameter.maximum:
        unit = f" {parameter.unit}" if parameter.unit else ""
        raise ParameterError(
            f"{parameter.name} must be a number in {parameter.minimum:g} to {parameter.maximum:g}{unit}, "
            f"got {setting!r}"
        )
    return parameter.from_unit(float(setting))


def positions_of(settings: Mapping[str, Setting]) -> npt.NDArray[np.float32]:
    """Positions 0-1 of a whole patch from settings by name; the others have their defaults.

    >>> values = positions_of({"cutoff": 18000.0, "osc1_wave": "sine"})

    Raises `ParameterError` for a name that is not in the table or a setting out of its range.
    """
    values = default_values()
    for name, setting in settings.items():
        if name not in INDEX:
            raise ParameterError(f"parameter must be one of {', '.join(INDEX)}, got {name!r}")
        row = INDEX[name]
        values[row] = _position(PARAMETERS[row], setting)
    return values


def check_tags(tags: frozenset[str]) -> None:
    """Raise `ParameterError` unless all tags are known and no two contradict each other."""
    unknown = sorted(tags - TAGS)
    if unknown:
        raise ParameterError(f"tag must be one of {', '.join(sorted(TAGS))}, got {unknown[0]!r}")
    for pair in TAG_PAIRS:
        if tags.issuperset(pair):
            raise ParameterError(f"tags must not contradict each other, got both {pair[0]!r} and {pair[1]!r}")
