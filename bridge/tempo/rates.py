"""Rates of an instrument that keep to the tempo."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.bridge.session.map_tables import Sync
from tsumami.engine.events import EVENT_DTYPE, NOW, Events, Kind
from tsumami.engine.parameter import Parameter

_SAME: Final = 1e-3
"""Positions that are no further apart are one."""


class Rates:
    """The parameters of ``syncs``, in Hz; ``positions`` are where all parameters stand, 0-1.

    Macros and patches that move such a parameter are put right a moment later.
    """

    def __init__(
        self,
        syncs: Sequence[Sync],
        parameters: Sequence[Parameter],
        positions: npt.NDArray[np.float64],
        play: Callable[[Events], None],
    ) -> None:
        rows = {parameter.name: row for row, parameter in enumerate(parameters)}
        self._rows = [(rows[sync.parameter], parameters[rows[sync.parameter]], sync.beats) for sync in syncs]
        self._positions, self._play = positions, play

    def follow(self, bpm: float) -> None:
        """Put every rate where the tempo has it."""
        moves = []
        for row, parameter, beats in self._rows:
            position = parameter.from_unit(bpm / 60.0 / beats)
            if abs(position - self._positions[row]) > _SAME:
                moves.append((NOW, 0, position, row, int(Kind.PARAMETER), 0))
        if moves:
            self._play(np.array(moves, EVENT_DTYPE))
