"""The repair of a live stream: frame by frame, what is missing is continued. [audio thread]

A gap takes the newest fit there is and keeps it. Its continuation is predicted in chunks that are counted
from the gap's first frame, so the same frames come however time is cut into blocks; it is no louder than what
was heard, fades when the gap is long, and is mixed with the first frames after it. What was played is what is
remembered, so that the next gap goes on from there, also when it comes before the mixing is over.
"""

import math
from typing import Any, Final

from numba import carray

from tsumami.engine.events import EVENT_DTYPE, Kind
from tsumami.engine.jit import c_kernel, inline_kernel, kernel
from tsumami.engine.memory import as_address, as_pointer, exchange, load_acquire, store_release
from tsumami.engine.restoration.channel import LOUDEST
from tsumami.engine.restoration.extrapolation import extrapolate
from tsumami.engine.restoration.repair_state import CHUNK, HISTORY, REPAIR_DTYPE, offset_of
from tsumami.engine.stage import CHANNELS, STAGE_SIGNATURE

FRESH: Final = 4
"""Of `middle`: the fit there is newer than the one in use. The bits below are its slot."""
SLOT: Final = FRESH - 1
SAMPLE_OFFSET: Final = offset_of("sample")
MIDDLE_OFFSET: Final = offset_of("middle")
_LOST = int(Kind.LOST)
_LARGEST: Final = 3.0e38
_MADE_UP: Final = 4
"""Frames of a gap that a frame of truth makes up for: where truth is rare, the gap fades all the same."""


@inline_kernel
def repair_record(stage: int) -> Any:
    """The `REPAIR_DTYPE` record at an address."""
    return carray(as_pointer(stage), 1, REPAIR_DTYPE)[0]


@kernel
def _take_fit(state: Any, stage: int) -> None:
    """Hold the newest fit: give the slot in use for it, which nobody else can have taken."""
    if load_acquire(stage + MIDDLE_OFFSET) & FRESH:
        state.held = exchange(stage + MIDDLE_OFFSET, state.held) & SLOT


@inline_kernel
def _share(state: Any) -> float:
    """How loud the continuation is as yet: 1, and then less, until the gap has faded."""
    faded = state.gap - state.hold
    if faded <= 0:
        return 1.0
    return 0.5 + 0.5 * math.cos(math.pi * faded / state.fade) if faded < state.fade else 0.0


@kernel
def _begin(state: Any, stage: int) -> None:
    """Take the newest fit, and lay out the newest history for it to go on from."""
    _take_fit(state, stage)
    state.fit_age = state.now - state.fits[state.held].sample
    state.gaps += 1
    state.gap = max(state.gap - _MADE_UP * state.mixed, 0)
    state.begun = _share(state)
    state.next = CHUNK
    for channel in range(CHANNELS):
        for i in range(state.order):
            at = (state.now - state.order + i) & (HISTORY - 1)
            state.line[channel, CHUNK + i] = state.history[channel, at]
        state.level[channel] = state.power[channel]


@kernel
def _predict(state: Any) -> None:
    """The next chunk of the continuation: what was predicted last is now the end of the past."""
    order = state.order
    for channel in range(CHANNELS):
        line = state.line[channel]
        for i in range(order):
            line[i] = line[i + CHUNK]
        coefficients = state.fits[state.held].coefficients[channel]
        extrapolate(line[:order], coefficients[:order], line[order : order + CHUNK])
    state.next = 0


@kernel
def _bounded(state: Any, channel: int, guess: float) -> float:
    """A predicted sample, no louder than what was heard: neither by its peak nor by its power."""
    if not abs(guess) < _LARGEST:  # NaN fails the comparison
        guess = 0.0
    most = LOUDEST * state.peak[channel]
    guess = min(max(guess, -most), most)
    state.level[channel] += (guess * guess - state.level[channel]) * state.smoothing
    allowed = LOUDEST * LOUDEST * state.power[channel]
    if state.level[channel] > allowed:
        guess *= math.sqrt(allowed / state.level[channel])
    return guess


@kernel
def _go_on(state: Any) -> None:
    """The continuation's next frame to ``state.guess``."""
    share = _share(state)
    if share == 0.0:
        state.guess[:] = 0.0
    else:
        if state.next == CHUNK:
            _predict(state)
        for channel in range(CHANNELS):
            predicted = state.line[channel, state.order + state.next]
            state.guess[channel] = share / state.begun * _bounded(state, channel, predicted)
        state.next += 1
    state.gap += 1


@kernel
def _lose(state: Any, stage: int) -> None:
    """A frame that is missing: to ``state.guess``."""
    if not state.has_heard:
        state.guess[:] = 0.0
        return
    if state.run == 0:
        _begin(state, stage)
    if state.gap < state.hold + state.fade:
        state.repaired += 1
    _go_on(state)
    state.mixed = 0
    state.run += 1
    state.longest = max(state.longest, state.run)
    state.lost_until = state.now + 1


@kernel
def _hear(state: Any, left: float, right: float) -> bool:
    """A frame that is there; whether it is to be played as `state.guess` says, mixed with a continuation."""
    state.has_heard = 1
    state.run = 0
    share = 1.0
    if state.gap > 0:
        _go_on(state)
        state.mixed += 1
        share = state.mixed / (state.crossfade + 1)
    for channel in range(CHANNELS):
        sample = left if channel == 0 else right
        if not abs(sample) < _LARGEST:  # a NaN would stay in the history's fits
            sample = 0.0
        state.power[channel] += (sample * sample - state.power[channel]) * state.smoothing
        state.peak[channel] = max(abs(sample), state.peak[channel] * state.peak_fall)
        if share < 1.0:
            sample = (1.0 - share) * state.guess[channel] + share * sample
        state.guess[channel] = sample
    if state.gap == 0:
        return False
    if state.mixed == state.crossfade:
        state.gap = state.mixed = 0
    return True


@c_kernel(STAGE_SIGNATURE)
def process(stage: Any, audio_in: Any, audio_out: Any, frames: int, events: Any, event_count: int) -> None:
    """Play a block as it came, and what LOST events say is missing as it might have been. [audio thread]"""
    state = carray(stage, 1, REPAIR_DTYPE)[0]
    source, target = carray(audio_in, (CHANNELS, frames)), carray(audio_out, (CHANNELS, frames))
    told = carray(events, event_count, EVENT_DTYPE)
    at, lost_until = 0, 0
    for i in range(frames):
        while at < event_count and told[at].time <= i:
            if told[at].kind == _LOST:
                lost_until = max(lost_until, told[at].time + int(told[at].value))
            at += 1
        is_changed = True
        if i < lost_until:
            _lose(state, as_address(stage))
        else:
            is_changed = _hear(state, source[0, i], source[1, i])
        for channel in range(CHANNELS):
            state.history[channel, state.now & (HISTORY - 1)] = state.guess[channel]
            target[channel, i] = state.guess[channel] if is_changed else source[channel, i]
        state.now += 1
    store_release(as_address(stage) + SAMPLE_OFFSET, state.now)
