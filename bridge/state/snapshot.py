"""A snapshot: where everything stands at a moment, by address."""

from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

Position = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class Snapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Positions 0-1 of the instrument's and the effects' parameters, by address.

    Knobs of macros are not in it: they stand where the performer's hands have left them, and move on from
    what is recalled.
    """

    sound: str
    """Name of the patch or preset that it came from."""
    positions: dict[str, Position]

    def changes(self, now: Mapping[str, float], locked: Collection[str] = ()) -> dict[str, float]:
        """What has to move to get there from ``now``; what is not there now, or ``locked``, is left alone."""
        return {
            address: position
            for address, position in self.positions.items()
            if address in now and address not in locked and position != now[address]
        }
