"""A knob over one axis of the latent, which takes a preset over without a jump."""

import math

UNKNOWN = math.nan
"""Position of a knob that has not been heard of yet."""


class Knob:
    """Takeover by scaling: where the knob stands when a preset is loaded means the preset.

    Position 0 is ``minimum``, 1 is ``maximum``, the position at `load` is the preset's own place, and
    the map is linear between these points: monotone, and reversible to the bit. A preset beyond the
    range widens it. A knob that was never heard of learns where it stands from its first message, which
    moves nothing.
    """

    def __init__(self, minimum: float, maximum: float) -> None:
        self._minimum = minimum
        self._maximum = maximum
        self._position = UNKNOWN
        self._reference = UNKNOWN
        self._origin = 0.5 * (minimum + maximum)

    @property
    def span(self) -> float:
        """Width of the axis's useful range."""
        return self._maximum - self._minimum

    def load(self, origin: float) -> None:
        """Take a preset over whose place on the axis is ``origin``, at the position where the knob stands."""
        self._origin = origin
        self._reference = self._position

    def turn(self, position: float) -> None:
        """Turn to ``position``, clipped to 0-1."""
        self._position = min(max(position, 0.0), 1.0)
        if math.isnan(self._reference):
            self._reference = self._position

    @property
    def target(self) -> float:
        """The place on the axis that the knob asks for."""
        position, reference, origin = self._position, self._reference, self._origin
        if math.isnan(position) or position == reference:
            return origin
        if position < reference:
            end, share = min(self._minimum, origin), position / reference
        else:
            end, share = max(self._maximum, origin), (1.0 - position) / (1.0 - reference)
        return end + (origin - end) * share

    def position_of(self, place: float) -> float:
        """Where a place on the axis stands in the useful range, 0-1, for display."""
        return min(max((place - self._minimum) / self.span, 0.0), 1.0)
