"""What can be asked of a live groove."""

from enum import IntEnum
from typing import Final

FLOOR_DB: Final = -80.0
"""Strength of the quietest hits that count at full sensitivity: there are none below."""


class GrooveControl(IntEnum):
    """Index of a GROOVE event."""

    RESET = 0  # button: forget what was heard
    SENSITIVITY = 1  # value: 0-1, hits weaker than so much of `FLOOR_DB` do not count
    REFERENCE = 2  # value: 0-1, from 0.5 hits are held against the reference, below against the tempo
