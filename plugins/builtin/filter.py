"""A four-pole ladder without delay in its loop, after Zavalishin, *The Art of VA Filter Design*, ch. 5.

The loop is solved for the linear ladder and the solution then saturated. What enters the poles is thus
bounded whatever the resonance, and four one-poles in a row are stable: so is the filter at any setting.
"""

import math
from typing import Any

from tsumami.engine.jit import inline_kernel

LOWPASS_24, LOWPASS_12, BANDPASS, HIGHPASS = 0, 1, 2, 3

LOWEST_HZ = 20.0
HIGHEST_HZ = 18_000.0
HIGHEST_SHARE = 0.45
"""Highest cutoff as a share of the sample rate."""

MOST_FEEDBACK = 4.1
"""Feedback at full resonance; a ladder oscillates from 4."""


@inline_kernel
def pole_gain(cutoff_hz: float, sample_rate: float) -> float:
    """Gain G of a trapezoidal one-pole whose -3 dB point is ``cutoff_hz`` (clipped to what can be)."""
    cutoff_hz = min(max(cutoff_hz, LOWEST_HZ), HIGHEST_HZ, HIGHEST_SHARE * sample_rate)
    warped = math.tan(math.pi * cutoff_hz / sample_rate)
    return warped / (1.0 + warped)


@inline_kernel
def saturate(x: float) -> float:
    """Odd, smooth curve of slope 1 at 0, flat at ±1 from ±1.5: a cubic, so it only adds a third harmonic."""
    x = min(max(x, -1.5), 1.5)
    return x - x * x * x * (4.0 / 27.0)


@inline_kernel
def ladder(
    mode: int, x: float, gain: float, feedback: float, s1: float, s2: float, s3: float, s4: float
) -> Any:
    """One sample through the ladder: the output of ``mode``, then the four memories.

    Each pole is ``y = gain * x + rest * s``, ``s = 2 * y - s``. Written so that little waits for the
    sample before: that wait is what a ladder's speed is made of.
    """
    rest = 1.0 - gain
    gain2 = gain * gain
    share = 1.0 / (1.0 + feedback * gain2 * gain2)
    r1, r2, r3, r4 = rest * s1, rest * s2, rest * s3, rest * s4
    memory = gain2 * (gain * r1 + r2) + gain * r3 + r4
    y0 = saturate(share * x - share * feedback * memory)
    y1 = gain * y0 + r1
    y2 = gain * y1 + r2
    y3 = gain * y2 + r3
    y4 = gain * y3 + r4
    if mode == LOWPASS_24:
        out = y4
    elif mode == LOWPASS_12:
        out = y2
    elif mode == BANDPASS:
        out = 2.0 * (y1 - y2)
    else:
        out = y0 + y4 - 4.0 * (y1 + y3) + 6.0 * y2
    return out, 2.0 * y1 - s1, 2.0 * y2 - s2, 2.0 * y3 - s3, 2.0 * y4 - s4
