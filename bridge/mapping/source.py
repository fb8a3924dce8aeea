"""What a person turns, by the name that MIDI has for it."""

from typing import NamedTuple

from tsumami.bridge.session.map_tables import SourceKind


class Source(NamedTuple):
    """A controller of one channel; ``number`` is 0 of those that there is only one of."""

    kind: SourceKind
    number: int = 0


class Turn(NamedTuple):
    """News of a source: where it stands, 0-1, and the seven bits that said so.

    The bits are what a relative encoder counts with, and -1 of a source that has more of them.
    """

    source: Source
    position: float
    bits: int = -1


def turn_of(source: Source, value: int) -> Turn:
    """A turn to one of seven bits, 0-127."""
    return Turn(source, value / 127, value)
