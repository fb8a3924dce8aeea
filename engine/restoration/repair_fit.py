"""The fits of a live repair: autoregressions of the newest history."""

import math

import numpy as np
import numpy.typing as npt

from tsumami.engine.jit import kernel
from tsumami.engine.memory import load_acquire
from tsumami.engine.restoration.burg import burg
from tsumami.engine.restoration.repair_slots import FITS_BETWEEN, SAMPLE_OFFSET, hand_over, repair_record
from tsumami.engine.restoration.repair_state import FITS, HISTORY
from tsumami.engine.stage import CHANNELS
from tsumami.engine.strip.state import MAX_BLOCK_SIZE

Samples = npt.NDArray[np.float64]


@kernel
def wants_fit(stage: int) -> bool:
    """Whether there is something new to fit, and it is not what a gap has just been filled with.

    In a gap the last fit from before it is the best there is.
    """
    state = repair_record(stage)
    sample = load_acquire(stage + SAMPLE_OFFSET)
    heard, age = sample - state.lost_until, sample - state.fitted
    wanted: bool = age > 0 and heard > 0 and (heard >= state.crossfade or age >= state.oldest)
    return wanted


@kernel
def copy_newest(stage: int, channel: int, target: Samples) -> int:
    """Fill ``target`` with a channel's newest history; the sample where it ends, or -1 if it was overwritten.

    Before the first sample there is silence.
    """
    state = repair_record(stage)
    sample: int = load_acquire(stage + SAMPLE_OFFSET)
    size = len(target)
    begin = (sample - size) & (HISTORY - 1)
    first = min(size, HISTORY - begin)
    history = state.history[channel]
    target[:first] = history[begin : begin + first]
    target[first:] = history[: size - first]
    # The audio thread may be within a block that it has not counted yet.
    if load_acquire(stage + SAMPLE_OFFSET) + MAX_BLOCK_SIZE > sample - size + HISTORY:
        return -1
    return sample


@kernel
def _ramp(context: Samples, noise: Samples) -> None:
    """From 0 to 1: the older a sample, the less it counts. And the noise that is taken to be in it."""
    size, energy = len(context), 0.0
    for i in range(size):
        energy += context[i] * context[i]
    level = math.sqrt(energy / size)
    for i in range(size):
        context[i] = context[i] * (i + 1) / size + level * noise[i]


@kernel
def _fit(stage: int, number: int) -> int:
    """One of the fits, of both channels; the sample where its context ended, or -1."""
    state = repair_record(stage)
    order, size, sample = state.orders[number], state.contexts[number], 0
    for channel in range(CHANNELS):
        context = state.work[channel, :size]
        sample = copy_newest(stage, channel, context)
        if sample < 0:
            return -1
        _ramp(context, state.noise)
        target = state.newest[channel, number]
        if channel > 0 and (context == state.work[0, :size]).all():
            target[:order] = state.newest[0, number, :order]
        else:
            target[:order] = burg(context, order)
    return sample


@kernel
def fit_newest(stage: int) -> bool:
    """Fit the newest history and hand the fits over; False when it was overwritten meanwhile.

    For one thread, which may allocate.
    """
    state = repair_record(stage)
    sample = 0
    for number in range(FITS - 1, -1, -1):  # the one that follows what changes is the newest
        sample = _fit(stage, number)
        if sample < 0:
            return False
    state.fitted = sample
    fit = state.fits[state.filled]
    fit.sample = sample
    fit.coefficients[:] = state.newest
    state.filled = hand_over(stage + FITS_BETWEEN, state.filled)
    return True
