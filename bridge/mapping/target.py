"""What a knob moves."""

from dataclasses import dataclass

from tsumami.engine.events import Kind


@dataclass(frozen=True, slots=True)
class Target:
    """The kind of its events, and the index in that kind's table.

    At ``position`` 0-1 the event has the value ``full * position ** power``.
    """

    kind: Kind
    index: int = 0
    full: float = 1.0
    power: int = 1
    grain: float = 0.0
    """How far a position is rounded at the most, where there are few values."""

    def value(self, position: float) -> float:
        """Value of the event for a position 0-1."""
        return self.full * position**self.power

    def position(self, value: float) -> float:
        """The position 0-1 at which the event has the value: the inverse of `value`."""
        return min(max(value / self.full, 0.0), 1.0) ** (1.0 / self.power) if self.full > 0.0 else 0.0
