"""What can be asked of a live repair."""

from enum import IntEnum
from typing import Final

HOLD_SECONDS: Final = 0.06
"""Of a gap, until its continuation fades, where nobody asks for more or less."""
LONGEST_HOLD_SECONDS: Final = 1.0


class RepairControl(IntEnum):
    """Index of a REPAIR event."""

    ON = 0  # value: 0-1, from 0.5 what is missing is continued, below it stays as it came
    HOLD = 1  # value: seconds until a gap fades, up to `LONGEST_HOLD_SECONDS`; of the next gaps
