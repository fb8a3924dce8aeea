"""One knob: what it moves, how far, and how it takes over."""

from dataclasses import dataclass

from tsumami.bridge.mapping.curve import CURVES
from tsumami.bridge.mapping.target import Target
from tsumami.bridge.session.map_tables import CurveName, Encoder, Takeover


@dataclass(frozen=True, slots=True)
class Knob:
    """A target between ``low`` and ``high``, along ``curve``; ``low`` above ``high`` turns the knob over.

    ``takeover`` is what happens where knob and target stand apart; see `tsumami.bridge.mapping.takeover`.
    """

    target: Target
    low: float = 0.0
    high: float = 1.0
    curve: CurveName = "linear"
    takeover: Takeover = "jump"
    encoder: Encoder = "twos"
    """How an endless encoder counts; see `ticks`."""
    step: float = 1.0 / 127
    """How far a tick goes, of the knob's whole way."""

    def value(self, position: float) -> float:
        """Value of the target's event when the knob is at ``position``."""
        if (self.low, self.high, self.curve) == (0.0, 1.0, "linear"):
            return self.target.value(position)
        share = CURVES[self.curve].forth(position)
        return self.target.value(self.low + (self.high - self.low) * share)

    def position(self, value: float) -> float:
        """Where the knob would have to stand for the target to be there; its nearer end where it cannot."""
        span = self.high - self.low
        share = (self.target.position(value) - self.low) / span if span else 0.0
        return CURVES[self.curve].back(min(max(share, 0.0), 1.0))


def ticks(encoder: Encoder, bits: int) -> int:
    """What an endless encoder has counted, by the seven ``bits`` it sent: positive is clockwise.

    "twos" is two's complement (1 up, 127 down), "offset" counts from 64 (65 up, 63 down), and "sign" has
    the direction in bit 6 (1 up, 65 down).
    """
    match encoder:
        case "twos":
            return bits - 128 if bits >= 64 else bits
        case "offset":
            return bits - 64
        case "sign":
            return -(bits & 63) if bits & 64 else bits
