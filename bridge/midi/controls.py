"""An instrument's parameters as control changes: what to send, and when once more."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsumami.bridge.midi.parser import Status

_NEVER = -1
_REPEAT_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Control:
    """One parameter and the control change that carries it.

    The positions 0-1 of parameter ``row`` become the range ``low`` to ``high`` of the control, 0-1 too;
    a ``high`` below ``low`` turns it over.
    """

    row: int
    cc: int
    channel: int = 0
    """MIDI channel 0-15."""
    low: float = 0.0
    high: float = 1.0


class Controls:
    """Watches ``positions`` and says which control changes bring the other side up to date.

    It compares states and keeps no events: however fast a parameter moves, what is sent is where it
    stands, and nothing can be lost in between. A value that has rested for a quarter of a second is sent
    once more, because JACK drops what falls into a missed cycle, and a synthesizer that has just come may
    not listen yet.
    """

    def __init__(self, controls: Sequence[Control], positions: npt.NDArray[np.float64]) -> None:
        self._controls = controls
        self._positions = positions
        self._rows = np.array([control.row for control in controls], np.intp)
        self._low = np.array([control.low for control in controls])
        self._span = np.array([control.high - control.low for control in controls])
        self._sent = np.empty(len(controls), np.intp)
        self._sent_at = np.empty(len(controls))
        self._is_repeated = np.empty(len(controls), np.bool_)
        self.forget()

    def __len__(self) -> int:
        return len(self._controls)

    def forget(self) -> None:
        """Take nothing for sent: the other side is new."""
        self._sent[:] = _NEVER
        self._sent_at[:] = -np.inf
        self._is_repeated[:] = False

    def due(self, now_seconds: float, most: int) -> list[bytes]:
        """Up to ``most`` control changes, those first that have waited longest; they count as sent."""
        wanted = np.rint(127.0 * (self._low + self._span * self._positions[self._rows])).astype(np.intp)
        changed = wanted != self._sent
        rested = ~self._is_repeated & (now_seconds - self._sent_at > _REPEAT_SECONDS)
        waiting = np.flatnonzero(changed | rested)
        if not len(waiting):
            return []
        chosen = waiting[np.argsort(self._sent_at[waiting], kind="stable")][:most]
        self._is_repeated[chosen] = ~changed[chosen]
        self._sent[chosen] = wanted[chosen]
        self._sent_at[chosen] = now_seconds
        return [
            bytes((Status.CONTROL_CHANGE | self._controls[n].channel, self._controls[n].cc, wanted[n]))
            for n in chosen
        ]
