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
    cutoff_hz = min(max(cutoff_hz, LOWEST_HZ), min(HIGHEST_HZ, HIGHEST_SHARE * sample_rate))
    warped = math.tan(math.pi * cutoff_hz / sample_rate)
    return warped / (1.0 + warped)


@inline_kernel
def saturate(x: float) -> float:
    """Tanh-like curve, odd and smooth, between -1 and 1 (Padé approximant, flat from ±3)."""
    x = min(max(x, -3.0), 3.0)
    square = x * x
    return x * (27.0 + square) / (27.0 + 9.0 * square)


@inline_kernel
def ladder(
    mode: int, x: float, gain: float, feedback: float, s1: float, s2: float, s3: float, s4: float
) -> Any:
    """One sample through the ladder: the output of ``mode``, then the four memories."""
    rest = 1.0 - gain
    gain2 = gain * gain
    memory = rest * (gain2 * (gain * s1 + s2) + gain * s3 + s4)
    y0 = saturate((x - feedback * memory) / (1.0 + feedback * gain2 * gain2))
    move = (y0 - s1) * gain
    y1 = s1 + move
    s1 = y1 + move
    move = (y1 - s2) * gain
    y2 = s2 + move
    s2 = y2 + move
    move = (y2 - s3) * gain
    y3 = s3 + move
    s3 = y3 + move
    move = (y3 - s4) * gain
    y4 = s4 + move
    s4 = y4 + move
    if mode == LOWPASS_24:
        out = y4
    elif mode == LOWPASS_12:
        out = y2
    elif mode == BANDPASS:
        out = 2.0 * (y1 - y2)
    else:
        out = y0 + y4 - 4.0 * (y1 + y3) + 6.0 * y2
    return out, s1, s2, s3, s4
