"""Where targets stand, for knobs that take over instead of jumping."""

import numpy as np
import numpy.typing as npt

from tsumami.bridge.mapping.target import Target
from tsumami.engine.events import Events, Kind

_REMEMBERED = (
    Kind.MACRO,
    Kind.LATENT,
    Kind.GAIN,
    Kind.EFFECT,
    Kind.BYPASS,
    Kind.MORPH,
    Kind.TEMPO,
    Kind.LOOP,
    Kind.REPAIR,
    Kind.GROOVE,
)


class Positions:
    """The instrument's parameters as the engine has them; of all else the last event that moved it.

    A macro's event is where its knob stands, which patches leave alone: they begin anew from there.
    """

    def __init__(self, parameters: npt.NDArray[np.float64]) -> None:
        self._parameters = parameters
        self._last: dict[tuple[int, int], float] = {}

    def put(self, kind: Kind, index: int, value: float) -> None:
        """Where something stands to begin with."""
        self._last[int(kind), index] = value

    def note(self, events: Events) -> None:
        """Take in events on their way to the engine."""
        for item in events[np.isin(events["kind"], _REMEMBERED)]:
            self._last[int(item["kind"]), int(item["index"])] = float(item["value"])

    def of_parameters(self, rows: npt.NDArray[np.intp]) -> list[float]:
        """The positions of the instrument's parameters, by row."""
        positions: list[float] = self._parameters[rows].tolist()
        return positions

    def __call__(self, target: Target) -> float | None:
        """The value of the target's event that would leave it alone; None where it is not known."""
        if target.kind == Kind.PARAMETER:
            return float(self._parameters[target.index])
        return self._last.get((int(target.kind), target.index))
