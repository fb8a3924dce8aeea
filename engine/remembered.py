"""What a new engine process must be told to go on as the old one did."""

import numpy as np
import numpy.typing as npt

from tsumami.engine.events import KNOBS, NO_EVENTS, Events, Kind, event
from tsumami.engine.loops.controls import LoopControl
from tsumami.engine.patch_events import patch_events

_PASSING = frozenset({LoopControl.BAR, LoopControl.NEXT, LoopControl.UNDO})


class RememberedState:
    """The patch with its edits, the position of every knob, and the settings; held notes are not kept.

    Of a knob two positions count: where the patch took it over, and where it stands now.
    """

    def __init__(self, values: npt.NDArray[np.float32]) -> None:
        self.values = values
        self._ends = (values, values)
        self._settings: dict[tuple[Kind, int], float] = {}
        self._knobs: dict[tuple[Kind, int], tuple[float, float]] = {}

    def load(self, values: npt.NDArray[np.float32]) -> None:
        """A patch makes the knobs' present positions the reference."""
        self.values = values.copy()
        self._knobs = {knob: (last, last) for knob, (_, last) in self._knobs.items()}

    def morph_between(self, first: npt.NDArray[np.float32], second: npt.NDArray[np.float32]) -> None:
        """Take the ends of a morph."""
        self._ends = (first.copy(), second.copy())

    def morph(self, share: float) -> None:
        """Remember where a morph stands, by the straight line: what a new engine begins with."""
        first, second = self._ends
        self.load(((1.0 - share) * first + share * second).astype(np.float32))

    def note(self, events: Events) -> None:
        """Take in what was sent to the engine."""
        for item in events:
            kind, index, value = Kind(int(item["kind"])), int(item["index"]), float(item["value"])
            if kind in KNOBS:
                first, _ = self._knobs.get((kind, index), (value, value))
                self._knobs[kind, index] = (first, value)
            elif kind is Kind.PARAMETER:
                self.values[index] = value
            elif kind in (Kind.GAIN, Kind.REPAIR) or (kind is Kind.LOOP and index not in _PASSING):
                self._settings[kind, index] = value

    def for_macros(self) -> Events:
        """The patch and the knobs, for the macro ring."""
        moves = [event(*knob, value) for knob, pair in self._knobs.items() for value in pair]
        return np.concatenate([patch_events(self.values), *moves])

    def for_audio(self) -> Events:
        """The gain, and the knobs of loop player and repair, for the control ring."""
        settings = [event(*setting, value) for setting, value in self._settings.items()]
        return np.concatenate([NO_EVENTS, *settings])
