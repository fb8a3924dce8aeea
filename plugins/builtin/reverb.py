"""A small hall: diffusers into a feedback network of eight delay lines (Jot and Chaigne, AES 1991).

The lines feed each other through a Householder matrix, which keeps energy; a gain per line, set from
its length, makes the whole fall by 60 dB in the time asked for, the treble sooner.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from tsumami.engine.jit import kernel
from tsumami.plugins.builtin.state import (
    DIFFUSERS,
    PERIOD,
    REVERB_LINES,
    REVERB_MIX,
    REVERB_SEND,
    WET,
    WET_WIDTH,
)

LINE_SECONDS = (0.0297, 0.0351, 0.0389, 0.0437, 0.0493, 0.0541, 0.0599, 0.0677)
DIFFUSER_SECONDS = (0.0047, 0.0083, 0.0053, 0.0077)
DAMPING_HZ = 6_500.0

_DIFFUSION = 0.62
_DRY_LOSS = 0.35  # at full mix
_WET_GAIN = 0.55
_SIXTY_DB = math.log(1000.0)
_SIGNS = np.array([1, 1, -1, -1, 1, -1, -1, 1], np.float32)
_SHARE = np.float32(2.0 / REVERB_LINES)  # of the sum of all lines, in the Householder matrix


@kernel
def set_decay(effects: Any, seconds: float, sample_rate: float) -> None:
    """Make the network fall by 60 dB in ``seconds``. [audio thread]"""
    for k in range(REVERB_LINES):
        effects.line_gain[k] = math.exp(-_SIXTY_DB * effects.line_length[k] / (seconds * sample_rate))


@kernel
def clear_reverb(effects: Any) -> None:
    """Empty all delay lines. [audio thread]"""
    for k in range(DIFFUSERS):
        for i in range(effects.diffuser_length[k]):
            effects.diffuser_line[k, i] = 0.0
    for k in range(REVERB_LINES):
        effects.line_damped[k] = 0.0
        for i in range(effects.line_length[k]):
            effects.line[k, i] = 0.0


@kernel
def _diffuse(effects: Any, k: int, samples: npt.NDArray[np.float64], frames: int) -> None:
    """Schroeder allpass number ``k``, in place."""
    index, length = effects.diffuser_index[k], effects.diffuser_length[k]
    line = effects.diffuser_line[k]
    for i in range(frames):
        late = float(line[index])
        fresh = samples[i] - _DIFFUSION * late
        line[index] = fresh
        samples[i] = late + _DIFFUSION * fresh
        index += 1
        if index == length:
            index = 0
    effects.diffuser_index[k] = index


@kernel
def _read_lines(effects: Any, lines: npt.NDArray[np.float32], frames: int) -> None:
    """What leaves the delay lines, float32 ``[frames, line]``; every line is longer than a period."""
    for k in range(REVERB_LINES):
        start = effects.line_index[k]
        whole = min(frames, effects.line_length[k] - start)
        end, begin = effects.line[k][start:], effects.line[k]
        for i in range(whole):
            lines[i, k] = end[i]
        for i in range(frames - whole):
            lines[whole + i, k] = begin[i]


@kernel
def _write_lines(effects: Any, lines: npt.NDArray[np.float32], frames: int) -> None:
    """Put what enters the delay lines where `_read_lines` read, and move on."""
    for k in range(REVERB_LINES):
        start, length = effects.line_index[k], effects.line_length[k]
        whole = min(frames, length - start)
        end, begin = effects.line[k][start:], effects.line[k]
        for i in range(whole):
            end[i] = lines[i, k]
        for i in range(frames - whole):
            begin[i] = lines[whole + i, k]
        effects.line_index[k] = (start + frames) % length


@kernel
def _feed_back(effects: Any, scratch: Any, frames: int) -> None:
    """Damp and weaken what left the lines, sum it to stereo, and mix it with what enters them anew.

    ``scratch.wet_left`` and ``wet_right`` go in as the input and come out as the hall. All in
    float32, so that the eight lines fill one vector register.
    """
    lines, damped, gain = scratch.lines, effects.line_damped, effects.line_gain
    wet_left, wet_right = scratch.wet_left, scratch.wet_right
    damping = effects.damping
    for i in range(frames):
        left, right, total = np.float32(0.0), np.float32(0.0), np.float32(0.0)
        for k in range(REVERB_LINES):
            damped[k] += damping * (lines[i, k] - damped[k])
            lines[i, k] = gain[k] * damped[k]
        for k in range(0, REVERB_LINES, 2):
            total += lines[i, k] + lines[i, k + 1]
            left += _SIGNS[k] * lines[i, k]
            right += _SIGNS[k + 1] * lines[i, k + 1]
        shared = total * _SHARE
        into_left, into_right = np.float32(wet_left[i]) - shared, np.float32(wet_right[i]) - shared
        for k in range(0, REVERB_LINES, 2):
            lines[i, k] += into_left
            lines[i, k + 1] += into_right
        wet_left[i] = left
        wet_right[i] = right


@kernel
def run_reverb(effects: Any, scratch: Any, position: int, frames: int) -> None:
    """Add the hall to a segment of the output. [audio thread]"""
    left, right, lines = scratch.left, scratch.right, scratch.lines
    wet_left, wet_right = scratch.wet_left, scratch.wet_right
    base, step = effects.base, effects.step
    for i in range(frames):
        send = base[REVERB_SEND] + step[REVERB_SEND] * (position + i)
        wet_left[i] = left[i] * send
        wet_right[i] = right[i] * send
    for k in range(0, DIFFUSERS, 2):
        _diffuse(effects, k, wet_left, frames)
        _diffuse(effects, k + 1, wet_right, frames)
    _read_lines(effects, lines, frames)
    _feed_back(effects, scratch, frames)
    _write_lines(effects, lines, frames)
    for i in range(frames):
        at = position + i
        mix = base[REVERB_MIX] + step[REVERB_MIX] * at
        gain = _WET_GAIN * mix * (base[WET] + step[WET] * at)
        mid = 0.5 * (wet_left[i] + wet_right[i])
        side = 0.5 * (wet_right[i] - wet_left[i]) * (base[WET_WIDTH] + step[WET_WIDTH] * at)
        left[i] = left[i] * (1.0 - _DRY_LOSS * mix) + gain * (mid - side)
        right[i] = right[i] * (1.0 - _DRY_LOSS * mix) + gain * (mid + side)


LONGEST_SECONDS = max(LINE_SECONDS) + sum(DIFFUSER_SECONDS)
SHORTEST_SAMPLE_RATE = math.ceil(PERIOD / min(DIFFUSER_SECONDS))
"""Below this a diffuser would be shorter than a control period."""
