"""A stereo chorus: two slowly swinging taps on a short delay line in each channel."""

from typing import Any

import numpy as np
import numpy.typing as npt

from tsumami.engine.jit import inline_kernel, kernel
from tsumami.plugins.builtin.oscillator import sine
from tsumami.plugins.builtin.ramp import aim
from tsumami.plugins.builtin.state import (
    CHORUS_FRAMES,
    CHORUS_MIX,
    DELAY1_LEFT,
    DELAY1_RIGHT,
    DELAY2_LEFT,
    DELAY2_RIGHT,
    PERIOD,
    SEND,
    WET,
    WET_WIDTH,
)

_MASK = CHORUS_FRAMES - 1
_RATES_HZ = (0.53, 0.79)
_DELAYS_SECONDS = (0.0083, 0.0121)
_SWING_SECONDS = 0.0024
_DRY_LOSS = 0.3  # at full mix
_WET_GAIN = 0.5


@inline_kernel
def _wrap(phase: float) -> float:
    return phase - 1.0 if phase >= 1.0 else phase


@kernel
def swing(effects: Any, sample_rate: float) -> None:
    """Aim the four taps at where they are to be in one control period. [audio thread]"""
    for tap in range(2):
        phase = _wrap(effects.chorus_phase[tap] + _RATES_HZ[tap] * PERIOD / sample_rate)
        effects.chorus_phase[tap] = phase
        left = _DELAYS_SECONDS[tap] + _SWING_SECONDS * sine(phase)
        right = _DELAYS_SECONDS[tap] + _SWING_SECONDS * sine(_wrap(phase + 0.25))
        aim(effects, DELAY1_LEFT + 2 * tap, left * sample_rate)
        aim(effects, DELAY1_RIGHT + 2 * tap, right * sample_rate)


@kernel
def clear_chorus(effects: Any) -> None:
    """Empty the delay lines. [audio thread]"""
    line = effects.chorus_line
    for channel in range(2):
        for i in range(CHORUS_FRAMES):
            line[channel, i] = 0.0


@inline_kernel
def _tap(line: npt.NDArray[np.float32], channel: int, index: int, delay: float) -> float:
    """The line ``delay`` samples ago, between two samples."""
    whole = int(delay)
    share = delay - whole
    near = float(line[channel, (index - whole) & _MASK])
    far = float(line[channel, (index - whole - 1) & _MASK])
    return near + (far - near) * share


@kernel
def feed_chorus(effects: Any, scratch: Any, position: int, frames: int) -> int:
    """Fill the delay lines, also while nothing is mixed in; returns where in them the segment begins.

    [audio thread]
    """
    left, right, line = scratch.left, scratch.right, effects.chorus_line
    send, step = effects.base[SEND], effects.step[SEND]
    start = effects.chorus_index
    for i in range(frames):
        index = (start + i) & _MASK
        line[0, index] = left[i] * (send + step * (position + i))
        line[1, index] = right[i] * (send + step * (position + i))
    effects.chorus_index = (start + frames) & _MASK
    return int(start)


@kernel
def run_chorus(effects: Any, scratch: Any, position: int, frames: int) -> None:
    """Add the chorus to a segment of the output. [audio thread]"""
    left, right, line = scratch.left, scratch.right, effects.chorus_line
    base, step = effects.base, effects.step
    index = feed_chorus(effects, scratch, position, frames)
    for i in range(frames):
        at = position + i
        wet_left = _tap(line, 0, index, base[DELAY1_LEFT] + step[DELAY1_LEFT] * at)
        wet_left += _tap(line, 0, index, base[DELAY2_LEFT] + step[DELAY2_LEFT] * at)
        wet_right = _tap(line, 1, index, base[DELAY1_RIGHT] + step[DELAY1_RIGHT] * at)
        wet_right += _tap(line, 1, index, base[DELAY2_RIGHT] + step[DELAY2_RIGHT] * at)
        mix = base[CHORUS_MIX] + step[CHORUS_MIX] * at
        gain = _WET_GAIN * mix * (base[WET] + step[WET] * at)
        mid = 0.5 * (wet_left + wet_right)
        side = 0.5 * (wet_right - wet_left) * (base[WET_WIDTH] + step[WET_WIDTH] * at)
        left[i] = left[i] * (1.0 - _DRY_LOSS * mix) + gain * (mid - side)
        right[i] = right[i] * (1.0 - _DRY_LOSS * mix) + gain * (mid + side)
        index = (index + 1) & _MASK
