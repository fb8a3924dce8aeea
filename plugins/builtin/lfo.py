"""Low-frequency oscillators and the random numbers of the synthesizer, at control rate."""

import math
from typing import Any

import numpy as np

from tsumami.engine.jit import inline_kernel, kernel
from tsumami.plugins.builtin.oscillator import sine

SINE, RAMP, RANDOM = 0, 1, 2

_SLEW_SECONDS = 0.0015  # rounds the jump of the ramp
_UNIT = 1.0 / 2**63


@inline_kernel
def draw(owner: Any) -> float:
    """Next random number, uniform in -1 to 1, of a record with a ``random`` field (xorshift64)."""
    x = owner.random
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    owner.random = x
    return float(np.int64(x) * _UNIT)


@inline_kernel
def _shape(wave: int, lfo: Any) -> float:
    if wave == SINE:
        return sine(lfo.phase)
    if wave == RAMP:
        return float(1.0 - 2.0 * lfo.phase)
    ease = lfo.phase * lfo.phase * (3.0 - 2.0 * lfo.phase)
    return float(lfo.last + (lfo.next - lfo.last) * ease)


@kernel
def start_lfo(lfo: Any, wave: int, owner: Any) -> None:
    """Put an `LFO_DTYPE` record at the start of its cycle. [audio thread]"""
    lfo.phase = 0.0
    lfo.last = draw(owner)
    lfo.next = draw(owner)
    lfo.value = _shape(wave, lfo)


@kernel
def advance_lfo(lfo: Any, wave: int, rate_hz: float, seconds: float, owner: Any) -> None:
    """Move an LFO on by ``seconds``; its ``value`` is -1 to 1. [audio thread]

    The ramp falls from 1 to -1; the random wave eases from one random value to the next.
    """
    lfo.phase += rate_hz * seconds
    if lfo.phase >= 1.0:
        lfo.phase -= math.floor(lfo.phase)
        lfo.last = lfo.next
        lfo.next = draw(owner)
    lfo.value += (_shape(wave, lfo) - lfo.value) * (1.0 - math.exp(-seconds / _SLEW_SECONDS))
