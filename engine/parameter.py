"""Parameters as data: a table row says name, range, unit, default and curve; outside, all are 0-1."""

import math
from dataclasses import dataclass
from typing import Literal

from tsumami.engine.errors import ParameterError

Curve = Literal["linear", "exponential", "square", "cubic", "discrete"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of an instrument's parameter table.

    ``minimum``, ``maximum`` and ``default`` are in ``unit``; `to_unit` and `from_unit` go between
    the 0-1 position and that unit along ``curve``. A discrete parameter lists its ``choices``; its
    values are 0 … len(choices) - 1, and the position of choice i is i / (len(choices) - 1).
    """

    name: str
    minimum: float
    maximum: float
    unit: str
    default: float
    curve: Curve = "linear"
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.minimum <= self.default <= self.maximum:
            raise ParameterError(
                f"default of {self.name} must be in {self.minimum}-{self.maximum}, got {self.default}"
            )
        if self.curve == "exponential" and self.minimum <= 0:
            raise ParameterError(f"minimum of {self.name} must be above 0 for an exponential curve")

    @property
    def is_discrete(self) -> bool:
        """Whether the parameter only takes its listed choices."""
        return bool(self.choices)

    def to_unit(self, position: float) -> float:
        """Value in ``unit`` at a 0-1 position (clipped to the range)."""
        position = min(max(position, 0.0), 1.0)
        if self.choices:
            return float(round(position * (len(self.choices) - 1)))
        span = self.maximum - self.minimum
        if self.curve == "exponential":
            return self.minimum * math.pow(self.maximum / self.minimum, position)
        power = {"linear": 1, "square": 2, "cubic": 3}[self.curve]
        return self.minimum + span * position**power

    def from_unit(self, value: float) -> float:
        """0-1 position of a value in ``unit`` (clipped to the range); inverse of `to_unit`."""
        value = min(max(value, self.minimum), self.maximum)
        if self.choices:
            return value / (len(self.choices) - 1)
        if self.curve == "exponential":
            return math.log(value / self.minimum) / math.log(self.maximum / self.minimum)
        power = {"linear": 1, "square": 2, "cubic": 3}[self.curve]
        return float(((value - self.minimum) / (self.maximum - self.minimum)) ** (1 / power))

    def describe(self, position: float) -> str:
        """The value at a position as a person reads it, with its unit or choice name."""
        if self.choices:
            return self.choices[round(self.to_unit(position))]
        value = self.to_unit(position)
        figure = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
        return f"{figure} {self.unit}".strip()
