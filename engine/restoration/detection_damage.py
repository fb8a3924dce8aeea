"""A stretch of sound that is damaged, and the way in which it is."""

from dataclasses import dataclass
from enum import Enum


class DamageKind(Enum):
    """What happened to a stretch."""

    ZEROS = "zeros"
    """It is silent, and was cut from sound on both sides."""
    REPEATS = "repeats"
    """It is what was heard just before, once more."""
    CLICKS = "clicks"
    """A few samples stand out of their surroundings."""
    CLIPS = "clips"
    """It was louder than there was room for."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Samples ``begin`` to ``end``, the one after the last, of one channel from 0, or of all: None."""

    begin: int
    end: int
    kind: DamageKind
    channel: int | None = None

    @property
    def frames(self) -> int:
        """How long it is."""
        return self.end - self.begin
