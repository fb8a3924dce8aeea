"""Parameters on their way: positions glide to their targets, values in units follow."""

import math
from typing import Any

import numpy as np

from tsumami.engine.jit import inline_kernel, kernel
from tsumami.plugins.builtin.parameters import CONTINUOUS, PARAMETERS

SMOOTHING_SECONDS = 0.006
"""Time constant of every continuous parameter, and of bend, pressure and velocity."""

_CURVES = ("linear", "exponential", "square", "cubic", "discrete")
_CURVE = np.array([_CURVES.index(parameter.curve) for parameter in PARAMETERS])
_LOW = np.array([parameter.minimum for parameter in PARAMETERS])
_SPAN = np.array([parameter.maximum - parameter.minimum for parameter in PARAMETERS])
_LOG_RATIO = np.array(
    [math.log(row.maximum / row.minimum) if row.curve == "exponential" else 0.0 for row in PARAMETERS]
)
_ARRIVED = 1e-5
_SEMITONE = math.log(2.0) / 12.0
_DECIBEL = math.log(10.0) / 20.0


@inline_kernel
def semitones(interval: float) -> float:
    """Frequency ratio of an interval in semitones."""
    return math.exp(interval * _SEMITONE)


@kernel
def value_at(row: int, position: float) -> float:
    """`tsumami.engine.parameter.Parameter.to_unit` of a row of the table."""
    curve = _CURVE[row]
    if curve == 0:
        return float(_LOW[row] + _SPAN[row] * position)
    if curve == 1:
        return float(_LOW[row] * math.exp(_LOG_RATIO[row] * position))
    if curve == 2:
        return float(_LOW[row] + _SPAN[row] * position * position)
    if curve == 3:
        return float(_LOW[row] + _SPAN[row] * position * position * position)
    return float(math.floor(position * _SPAN[row] + 0.5))


@inline_kernel
def resting_pitch(pitch: float) -> float:
    """A pitch in semitones drawn toward the nearest whole one: level there, steep halfway between."""
    whole = math.floor(pitch + 0.5)
    away = 2.0 * (pitch - whole)
    return whole + 0.5 * away * away * away * away * away


@kernel
def _derive(state: Any) -> None:
    """What follows from the values alone."""
    value = state.value
    state.osc2_ratio = semitones(resting_pitch(value.osc2_pitch) + 0.01 * value.osc2_detune)
    state.volume = math.exp(value.volume * _DECIBEL)
    state.drive = math.exp(value.drive * _DECIBEL)


@kernel
def set_target(state: Any, row: int, position: float) -> None:
    """Send a parameter to ``position``; a discrete one is there at once. [audio thread]"""
    position = min(max(position, 0.0), 1.0)
    state.target[row] = position
    if row < CONTINUOUS:
        state.is_moving = 1
    else:
        state.position[row] = position
        state.values[row] = value_at(row, position)


@kernel
def jump_to_targets(state: Any) -> None:
    """Put every parameter where it was sent, at once."""
    for row in range(len(_CURVE)):
        state.position[row] = state.target[row]
        state.values[row] = value_at(row, state.target[row])
    state.is_moving = 0
    _derive(state)


@kernel
def move_parameters(state: Any) -> None:
    """Move every parameter on by one control period. [audio thread]"""
    if state.is_moving == 0:
        return
    state.is_moving = 0
    for row in range(CONTINUOUS):
        way = state.target[row] - state.position[row]
        if way == 0.0:
            continue
        if abs(way) < _ARRIVED:
            state.position[row] = state.target[row]
        else:
            state.position[row] += way * state.smoothing
            state.is_moving = 1
        state.values[row] = value_at(row, state.position[row])
    _derive(state)
