"""Macros as a hand would make them once for all patches: one parameter a knob. The learned ones' peer."""

from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.plugins import PARAMETERS

Values = npt.NDArray[np.float32]

HAND_MADE: Final = (
    ("cutoff", 1),
    ("drive", 1),
    ("lfo1_depth", 1),
    ("amp_decay", -1),
    ("amp_release", 1),
    ("detune", 1),
    ("noise_level", 1),
    ("width", 1),
)
"""For each macro in order: the parameter that it turns, and whether up or down."""


def sweep_hand_made(patch: Values, macro: int, positions: int) -> Values:
    """Patches at even positions of one hand-made knob, float32 ``[positions, parameters]``.

    Taken over as the learned knobs are: where the patch has its parameter, the knob stands too.
    """
    name, direction = HAND_MADE[macro]
    row = next(row for row, parameter in enumerate(PARAMETERS) if parameter.name == name)
    swept = np.tile(patch, (positions, 1))
    swept[:, row] = np.linspace(0.0, 1.0, positions)[::direction]
    return swept
