"""One macro knob: from the position of a physical knob to a coordinate of the latent, and back."""

from dataclasses import dataclass

from tsumami.engine.contract import Latent


@dataclass(slots=True)
class Knob:
    """Takeover "scale": the knob moves the latent from where the preset put it, whatever its own position.

    The map from position to coordinate is piecewise linear through (0, minimum), (``taken_over_at``,
    ``reference``) and (1, maximum). A knob whose position is not known yet is taken over by its first
    message, which moves nothing.
    """

    latent: Latent
    reference: float = 0.0
    position: float | None = None
    taken_over_at: float | None = None

    def load(self, reference: float) -> None:
        """Let a preset's coordinate (clipped to the knob's range) be where the knob stands now."""
        self.reference = min(max(reference, self.latent.minimum), self.latent.maximum)
        self.taken_over_at = self.position

    def move(self, position: float) -> None:
        """Turn to a position 0-1."""
        self.position = min(max(position, 0.0), 1.0)
        if self.taken_over_at is None:
            self.taken_over_at = self.position

    @property
    def offset(self) -> float:
        """How far the knob has moved the latent from the reference; exactly 0 where it was taken over."""
        if self.position is None or self.taken_over_at is None or self.position == self.taken_over_at:
            return 0.0
        if self.position > self.taken_over_at:
            share = (self.position - self.taken_over_at) / (1.0 - self.taken_over_at)
            return share * (self.latent.maximum - self.reference)
        share = (self.taken_over_at - self.position) / self.taken_over_at
        return -share * (self.reference - self.latent.minimum)

    def shown(self, offset: float) -> float:
        """Where the latent stands in its range, 0-1, at an offset from the reference."""
        span = self.latent.maximum - self.latent.minimum
        return min(max((self.reference + offset - self.latent.minimum) / span, 0.0), 1.0)
