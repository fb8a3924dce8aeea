"""Which numbers stand where: parameters, context and latent of the built-in synthesizer's macros model.

The flow maps the parameters that shape the sound of a note, `MOVED`. A few, `PINNED`, pass through it
unchanged as latent dimensions of their own: how the instrument answers the player (velocity, keys, glide)
and the interval between the oscillators, with its beats, stay what the preset made them.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.plugins import CONTINUOUS, PARAMETERS
from tsumami.training.macros.descriptors import MACROS

Values = npt.NDArray[np.float32]

PINNED_NAMES: Final = ("osc2_pitch", "osc2_detune", "key_track", "filter_velocity", "glide", "amp_velocity")

_NAMES = tuple(parameter.name for parameter in PARAMETERS[:CONTINUOUS])
PINNED: Final = tuple(_NAMES.index(name) for name in PINNED_NAMES)
MOVED: Final = tuple(row for row in range(CONTINUOUS) if row not in PINNED)

DISCRETE: Final = tuple(len(parameter.choices) for parameter in PARAMETERS[CONTINUOUS:])
"""Number of choices of each discrete parameter."""

CONTEXT: Final = sum(DISCRETE)
"""Length of the one-hot vectors of the discrete parameters, in the order of the table."""

CONDITION: Final = len(PINNED) + CONTEXT
"""What the flow is conditioned on: pinned parameters, then context."""

FREE: Final = len(MOVED) - len(MACROS)
"""Latent dimensions of the flow without a name."""

LATENTS: Final = (
    *MACROS,
    *(f"free {number}" for number in range(len(MACROS) + 1, len(MOVED) + 1)),
    *PINNED_NAMES,
)
"""Names of the latent's dimensions: macros, free ones, pinned parameters; as many as `CONTINUOUS`."""


def context_of(parameters: Values) -> Values:
    """One-hot context of whole patches, ``[n, parameters]`` 0-1 in, float32 ``[n, CONTEXT]`` out."""
    parts = [
        np.eye(choices, dtype=np.float32)[np.rint(column * (choices - 1)).astype(np.int64)]
        for choices, column in zip(DISCRETE, parameters.T[CONTINUOUS:], strict=True)
    ]
    return np.concatenate(parts, axis=1)


def split(parameters: Values) -> tuple[Values, Values]:
    """Moved parameters ``[n, MOVED]`` and condition ``[n, CONDITION]`` of whole patches."""
    moved = parameters[:, MOVED]
    return moved, np.concatenate([parameters[:, PINNED], context_of(parameters)], axis=1)


def replace_moved(parameters: Values, moved: Values) -> Values:
    """Whole patches with other moved parameters, clipped to 0-1."""
    changed = parameters.copy()
    changed[:, MOVED] = np.clip(moved, 0.0, 1.0)
    return changed
