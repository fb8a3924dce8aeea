"""The repair of a live stream: frame by frame, what is missing is continued. [audio thread]

A gap takes the newest fits and the newest plan there are and keeps them. Its continuation is made in chunks
that are counted from the gap's first frame, so the same frames come however time is cut into blocks; it is no
louder than what was heard, fades when the gap is long, and is mixed with the first frames after it. What was
played is what is remembered, so that the next gap goes on from there, also when it comes before the mixing is
over.
"""

import math
from typing import Any, Final

from numba import carray

from tsumami.engine.events import EVENT_DTYPE, Kind
from tsumami.engine.jit import c_kernel, inline_kernel, kernel
from tsumami.engine.memory import as_address, store_release
from tsumami.engine.restoration.channel import LOUDEST
from tsumami.engine.restoration.repair_control import LONGEST_HOLD_SECONDS, RepairControl
from tsumami.engine.restoration.repair_parts import begin_parts, next_chunk
from tsumami.engine.restoration.repair_slots import FITS_BETWEEN, PLANS_BETWEEN, SAMPLE_OFFSET, newest_slot
from tsumami.engine.restoration.repair_state import CHUNK, HISTORY, REPAIR_DTYPE
from tsumami.engine.stage import CHANNELS, STAGE_SIGNATURE

_LOST, _REPAIR = int(Kind.LOST), int(Kind.REPAIR)
_ON, _HOLD = int(RepairControl.ON), int(RepairControl.HOLD)
_LARGEST: Final = 3.0e38
_MADE_UP: Final = 4
"""Frames of a gap that a frame of truth makes up for: where truth is rare, the gap fades all the same."""


@inline_kernel
def _share(state: Any) -> float:
    """How loud the continuation is as yet: 1, and then less, until the gap has faded."""
    faded = state.gap - state.hold
    if faded <= 0:
        return 1.0
    return 0.5 + 0.5 * math.cos(math.pi * faded / state.fade) if faded < state.fade else 0.0


@kernel
def _begin(state: Any, stage: int) -> None:
    """Take the newest fits, and the newest plan where it is new enough."""
    state.held = newest_slot(stage + FITS_BETWEEN, state.held)
    state.plan_held = newest_slot(stage + PLANS_BETWEEN, state.plan_held)
    state.fit_age = state.now - state.fits[state.held].sample
    plan = state.plans[state.plan_held]
    state.is_planned = plan.sample > 0 and state.now - plan.sample <= state.latest
    state.gaps += 1
    state.late += not state.is_planned
    state.gap = max(state.gap - _MADE_UP * state.mixed, 0)
    if state.gap == 0:
        state.hold = state.hold_wanted
    state.begun = _share(state)
    state.next = CHUNK
    begin_parts(state)
    for channel in range(CHANNELS):
        state.level[channel] = state.power[channel]


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
            next_chunk(state)
            state.next = 0
        for channel in range(CHANNELS):
            predicted = state.chunk[channel, state.next]
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


@kernel
def _ask(state: Any, event: Any) -> None:
    """Take a REPAIR event."""
    if event.index == _ON:
        state.is_off = not event.value >= 0.5
    elif event.index == _HOLD and 0.0 <= event.value <= LONGEST_HOLD_SECONDS:
        state.hold_wanted = int(event.value * state.sample_rate + 0.5)


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
            elif told[at].kind == _REPAIR:
                _ask(state, told[at])
            at += 1
        is_changed = True
        if i < lost_until and not state.is_off:
            _lose(state, as_address(stage))
        else:
            is_changed = _hear(state, source[0, i], source[1, i])
        for channel in range(CHANNELS):
            state.history[channel, state.now & (HISTORY - 1)] = state.guess[channel]
            target[channel, i] = state.guess[channel] if is_changed else source[channel, i]
        state.now += 1
    store_release(as_address(stage) + SAMPLE_OFFSET, state.now)
