"""Sweeps: a knob turned from end to end over a patch, heard at every stop, and judged by numbers."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.macros import MacroProcessor
from tsumami.plugins import PARAMETERS

Values = npt.NDArray[np.float32]
Measures = npt.NDArray[np.float64]

Describe = Callable[[Values], Values]
"""Descriptors ``[n, descriptors]`` of whole patches ``[n, parameters]``."""

Turn = Callable[[Values, int, Values], Values]
"""Whole patches ``[stops, parameters]`` of a patch under a macro's knob at positions ``[stops]``."""

MONOTONE: Final = 0.9
"""Least rank correlation between knob and descriptor that passes as monotone."""

TOLERANCE: Final = 0.05
"""Step back, in standard deviations, that still passes as none at all."""

_TICK_SECONDS: Final = 0.004

ONE_PARAMETER: Final = (
    ("cutoff", 1),
    ("drive", 1),
    ("lfo1_depth", 1),
    ("amp_decay", -1),
    ("amp_release", 1),
    ("detune", 1),
    ("noise_level", 1),
    ("width", 1),
)
"""The macros as a hand would make them once for all patches: one parameter each, up or down."""


def turn_learned(processor: MacroProcessor) -> Turn:
    """Turn the knobs of a macro processor; each stands in the middle when the patch is loaded."""

    def turn(patch: Values, macro: int, positions: Values) -> Values:
        processor.move(macro, 0.5)
        processor.load(patch)
        stops = []
        for position in positions:
            processor.move(macro, float(position))
            while processor.is_moving:
                processor.tick(_TICK_SECONDS)
            stops.append(processor.values.copy())
        return np.stack(stops)

    return turn


def turn_one_parameter(patch: Values, macro: int, positions: Values) -> Values:
    """Turn the `ONE_PARAMETER` of a macro, taken over in the middle as the learned knobs are."""
    name, direction = ONE_PARAMETER[macro]
    row = next(row for row, parameter in enumerate(PARAMETERS) if parameter.name == name)
    stops = np.tile(patch, (len(positions), 1))
    forward = positions if direction > 0 else 1.0 - positions
    stops[:, row] = np.interp(forward, [0.0, 0.5, 1.0], [0.0, patch[row], 1.0])
    return stops


def measure_sweeps(
    patches: Sequence[Values], macros: int, positions: Values, turn: Turn, describe: Describe, pool: Executor
) -> Measures:
    """Descriptors of all patches, knobs and stops, ``[patches, macros, stops, descriptors]``."""
    stops = [np.concatenate([turn(patch, macro, positions) for macro in range(macros)]) for patch in patches]
    measured = list(pool.map(describe, stops))
    return np.stack(measured).reshape(len(patches), macros, len(positions), -1).astype(np.float64)


def rank_correlation(values: Measures) -> Measures:
    """Spearman's rank correlation of the last axis with its own order, -1 to 1; 0 for a constant.

    >>> float(rank_correlation(np.array([1.0, 2.0, 4.0, 8.0])))
    1.0
    """
    below = (values[..., None, :] < values[..., :, None]).sum(-1)
    equal = (values[..., None, :] == values[..., :, None]).sum(-1)
    ranks = below + (equal - 1) / 2
    count = values.shape[-1]
    order = np.arange(count) - (count - 1) / 2
    centred = ranks - (count - 1) / 2
    scale = np.sqrt((centred**2).sum(-1) * (order**2).sum())
    return np.asarray(np.where(scale > 0, (centred @ order) / np.where(scale > 0, scale, 1.0), 0.0))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What sweeps say of each macro; K macros, D descriptors, the first K of them the macros' own.

    Shares are 0-1 of the patches: ``monotone`` has a rank correlation of at least `MONOTONE`,
    ``steady`` never steps back by more than `TOLERANCE`, ``strict`` rises at every stop. ``effect`` ``[K]``
    is the mean rise of the own descriptor from end to end, in its own unit; ``movement`` ``[K, D]`` the mean
    absolute change of every descriptor from end to end, in standard deviations of the patches at rest.
    """

    monotone: Measures
    steady: Measures
    strict: Measures
    effect: Measures
    movement: Measures

    @property
    def others(self) -> Measures:
        """Mean movement of the descriptors of the other macros, ``[K]``."""
        macros = len(self.effect)
        own = np.eye(macros, dtype=bool)
        return np.array([self.movement[macro, :macros][~own[macro]].mean() for macro in range(macros)])


def judge(measured: Measures, spread: Measures) -> Judgement:
    """Judge sweeps ``[patches, macros, stops, descriptors]``; ``spread`` ``[descriptors]`` is one sd."""
    macros = np.arange(measured.shape[1])
    own = measured[:, macros, :, macros].transpose(1, 0, 2)  # [patches, macros, stops]
    steps = np.diff(own, axis=2)
    least = -TOLERANCE * spread[macros][None, :, None]
    change = measured[:, :, -1] - measured[:, :, 0]
    return Judgement(
        monotone=(rank_correlation(own) >= MONOTONE).mean(0),
        steady=(steps >= least).all(2).mean(0),
        strict=(steps > 0).all(2).mean(0),
        effect=change[:, macros, macros].mean(0),
        movement=(np.abs(change) / spread).mean(0),
    )
