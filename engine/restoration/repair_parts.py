"""What a gap of a live stream is continued with, chunk by chunk. [audio thread]

Where there is a plan in time, the parts of `tsumami.engine.restoration.mix_parts` are predicted a little
ahead, and each goes through a filter that weighs its bands; `tsumami.engine.restoration.repair_plan` makes
them. Else it is the mean of two autoregressions, the first of the parts.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from tsumami.engine.jit import kernel
from tsumami.engine.restoration.extrapolation import extrapolate
from tsumami.engine.restoration.repair_state import CHUNK, ECHOING, FITS, HISTORY, REACH, WINDOWS
from tsumami.engine.stage import CHANNELS

Samples = npt.NDArray[np.float64]


@kernel
def begin_parts(state: Any) -> None:
    """Lay out the newest history, and what was before the place that it is like, to go on from."""
    plan = state.plans[state.plan_held]
    state.began, state.ahead, state.mixed_until = state.now, 0, 0
    for channel in range(CHANNELS):
        history = state.history[channel]
        for number in range(FITS + ECHOING):
            echoed = number - FITS
            order = state.orders[number if echoed < 0 else echoed]
            end = state.now if echoed < 0 else state.now - plan.lag[channel]
            line = state.lines[channel, number]
            for i in range(order):
                line[CHUNK + i] = history[(end - order + i) & (HISTORY - 1)]
        state.parts[channel] = 0.0
        around = state.parts[channel, 0]
        for i in range(len(around)):
            around[i] = history[(state.now - len(around) + i) & (HISTORY - 1)]


@kernel
def next_chunk(state: Any) -> None:
    """The continuation's next chunk to ``state.chunk``."""
    if not state.is_planned:
        _predict_mean(state)
        return
    while state.ahead < state.mixed_until + CHUNK + REACH:
        _predict_parts(state)
    window, share = _place(state)
    for channel in range(CHANNELS):
        _mix(state, channel, window, share)
    state.mixed_until += CHUNK


@kernel
def _continued(state: Any, channel: int, number: int) -> Samples:
    """The next chunk of a line: what was predicted last is now the end of its past."""
    fit = number if number < FITS else number - FITS
    order = state.orders[fit]
    line = state.lines[channel, number]
    for i in range(order):
        line[i] = line[i + CHUNK]
    chunk: Samples = line[order : order + CHUNK]
    extrapolate(line[:order], state.fits[state.held].coefficients[channel, fit, :order], chunk)
    return chunk


@kernel
def _predict_mean(state: Any) -> None:
    for channel in range(CHANNELS):
        short, long = _continued(state, channel, 0), _continued(state, channel, 1)
        chunk = state.chunk[channel]
        for i in range(CHUNK):
            chunk[i] = 0.5 * (short[i] + long[i])


@kernel
def _predict_parts(state: Any) -> None:
    """The next chunk of each part, behind those there are."""
    for channel in range(CHANNELS):
        parts = state.parts[channel]
        kept = parts.shape[1] - CHUNK
        for part in parts:
            for i in range(kept):
                part[i] = part[i + CHUNK]
        short, long, quick = (
            _continued(state, channel, 0),
            _continued(state, channel, 1),
            _continued(state, channel, 2),
        )
        for i in range(CHUNK):
            mean = 0.5 * (short[i] + long[i])
            parts[0, kept + i] = mean
            parts[1, kept + i] = 0.5 * (short[i] - long[i])
            parts[2, kept + i] = quick[i] - mean
        _echo(state, channel, parts[3, kept:])
    state.ahead += CHUNK


@kernel
def _echo(state: Any, channel: int, echo: Samples) -> None:
    """What came after the place that the present is like, less what was to be expected there."""
    plan = state.plans[state.plan_held]
    # What the gap goes on from may have faded; the place has not.
    lag, level = plan.lag[channel], state.begun * plan.level[channel]
    echo[:] = 0.0
    known = min(lag - state.ahead, CHUNK)
    if known <= 0:
        return
    short, long = _continued(state, channel, FITS), _continued(state, channel, FITS + 1)
    place = state.began - lag + state.ahead
    for i in range(known):
        came = state.history[channel, (place + i) & (HISTORY - 1)]
        echo[i] = level * (came - 0.5 * (short[i] + long[i]))


@kernel
def _place(state: Any) -> tuple[int, float]:
    """The window before the middle of the chunk, and the share of the next one there."""
    windows = (state.mixed_until + 0.5 * CHUNK) / state.hop
    window = min(int(windows), WINDOWS - 2)
    return window, math.sin(0.5 * math.pi * min(windows - window, 1.0)) ** 2


@kernel
def _mix(state: Any, channel: int, window: int, share: float) -> None:
    """The sum of the parts, each through its filter between those of two windows."""
    filters = state.plans[state.plan_held].filters[channel]
    chunk, filter_ = state.chunk[channel], state.filter
    chunk[:] = 0.0
    for number in range(filters.shape[1]):
        part = state.parts[channel, number]
        for i in range(REACH + 1):
            filter_[i] = (1.0 - share) * filters[window, number, i] + share * filters[window + 1, number, i]
        _add(chunk, part[REACH : REACH + CHUNK], part[REACH : REACH + CHUNK], 0.5 * filter_[0])
        for reach in range(1, REACH + 1):
            before = part[REACH - reach : REACH - reach + CHUNK]
            _add(chunk, before, part[REACH + reach : REACH + reach + CHUNK], filter_[reach])
    _join(state, chunk, state.parts[channel, 0, REACH:])


@kernel
def _join(state: Any, chunk: Samples, mean: Samples) -> None:
    """A gap begins with the mean of the autoregressions, as weights would make a step."""
    for i in range(min(state.joint - state.mixed_until, CHUNK)):
        share = (state.mixed_until + i) / state.joint
        chunk[i] = share * chunk[i] + (1.0 - share) * mean[i]


@kernel
def _add(chunk: Samples, before: Samples, after: Samples, gain: float) -> None:
    for i in range(CHUNK):
        chunk[i] += gain * (before[i] + after[i])
