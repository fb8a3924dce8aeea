"""What moved lately, for the terminal view: parameters, from the applied events."""

import time
from collections import OrderedDict

import numpy as np

from tsumami.engine.events import Events, Kind

_KEPT = 12
_FRESH_SECONDS = 4.0


class Moves:
    """The parameters that changed last."""

    def __init__(self) -> None:
        self._changed: OrderedDict[int, float] = OrderedDict()

    def note(self, events: Events) -> None:
        """Take in a batch of applied events."""
        kinds = events["kind"]
        now = time.monotonic()
        for index in np.unique(events["index"][kinds == Kind.PARAMETER]):
            self._changed[int(index)] = now
            self._changed.move_to_end(int(index))
        while len(self._changed) > _KEPT:
            self._changed.popitem(last=False)

    def fresh(self) -> list[int]:
        """Indices of the parameters that changed in the last few seconds, in table order."""
        horizon = time.monotonic() - _FRESH_SECONDS
        return sorted(index for index, changed in self._changed.items() if changed > horizon)
