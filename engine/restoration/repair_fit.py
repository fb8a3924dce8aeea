"""The fits of a live repair: autoregressions of the newest history, handed over without waiting.

Three slots hold a fit each: the audio thread has one, the fitting thread fills one, and the third lies in
between. Each thread gives its own for that one in a single exchange, so neither waits for the other and
nobody reads what somebody writes.
"""

import math

import numpy as np
import numpy.typing as npt

from tsumami.engine.jit import kernel
from tsumami.engine.memory import exchange, load_acquire
from tsumami.engine.restoration.burg import burg
from tsumami.engine.restoration.repair_kernels import (
    FRESH,
    MIDDLE_OFFSET,
    SAMPLE_OFFSET,
    SLOT,
    repair_record,
)
from tsumami.engine.restoration.repair_state import HISTORY
from tsumami.engine.stage import CHANNELS
from tsumami.engine.strip_state import MAX_BLOCK_SIZE

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
def _take_context(history: Samples, sample: int, context: Samples, noise: Samples) -> None:
    """The newest samples, ramped from 0 to 1, and the noise that is taken to be in them."""
    size, energy = len(context), 0.0
    for i in range(size):
        past = history[(sample - size + i) & (HISTORY - 1)]
        energy += past * past
        context[i] = past * (i + 1) / size
    level = math.sqrt(energy / size)
    for i in range(size):
        context[i] += level * noise[i]


@kernel
def fit_newest(stage: int) -> bool:
    """Fit the newest history and hand the fit over; False when it was overwritten meanwhile.

    The older a sample, the less it counts: the context is ramped. For one thread, which may allocate.
    """
    state = repair_record(stage)
    order, context = state.order, state.context
    sample = load_acquire(stage + SAMPLE_OFFSET)
    for channel in range(CHANNELS):
        _take_context(state.history[channel], sample, state.work[channel, :context], state.noise)
    # The audio thread may be within a block that it has not counted yet.
    if load_acquire(stage + SAMPLE_OFFSET) + MAX_BLOCK_SIZE > sample - context + HISTORY:
        return False
    fit = state.fits[state.filled]
    for channel in range(CHANNELS):
        if channel > 0 and (state.work[channel, :context] == state.work[0, :context]).all():
            fit.coefficients[channel, :order] = fit.coefficients[0, :order]
        else:
            fit.coefficients[channel, :order] = burg(state.work[channel, :context], order)
    fit.sample = sample
    state.fitted = sample
    state.filled = exchange(stage + MIDDLE_OFFSET, state.filled | FRESH) & SLOT
    return True
