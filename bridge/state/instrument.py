"""What a performance's state asks of the instrument."""

from collections.abc import Mapping
from typing import Protocol

Rows = Mapping[int, float]
"""Positions 0-1 of parameters, by row."""


class Instrument(Protocol):
    """Takes parameters, and goes between two sets of them."""

    def load(self, rows: Rows) -> None:
        """Move parameters: they become the sound that the macros move from."""
        ...

    def morph_between(self, first: Rows, second: Rows) -> bool:
        """Take the ends of a morph through the latent; False where there is no model of the instrument."""
        ...

    def morph(self, share: float) -> None:
        """Go to a share 0-1 of the way between the ends."""
        ...
