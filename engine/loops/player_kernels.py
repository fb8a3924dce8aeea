"""The loop player's hot path: what plays, the bar line, and the change at it. [audio thread]

A loop goes round until another is there; that one is taken at the next bar line, at the same bar of it, and
mixed in while the one before goes on. Of that a few milliseconds are laid aside at the change, so its slot is
free at once.
"""

from typing import Any, Final

import numpy as np
from numba import carray

from tsumami.engine.clock import now_ns
from tsumami.engine.events import EVENT_DTYPE, Kind
from tsumami.engine.jit import c_kernel, inline_kernel, kernel
from tsumami.engine.loops.controls import LoopControl
from tsumami.engine.loops.player_state import PLAYER_DTYPE, SLOTS
from tsumami.engine.memory import as_address, as_pointer, exchange, load_acquire
from tsumami.engine.ring import ring_push
from tsumami.engine.stage import CHANNELS, STAGE_SIGNATURE

FRESH: Final = 4
"""Of `middle`: the loop there has not been played. The bits below are its slot."""
SLOT: Final = FRESH - 1
MIDDLE_OFFSET: Final = next(
    place[1] for name, place in (PLAYER_DTYPE.fields or {}).items() if name == "middle"
)
_LOOP, _PANIC = int(Kind.LOOP), int(Kind.ALL_SOUND_OFF)
_LEVEL, _MUTE, _BAR = int(LoopControl.LEVEL), int(LoopControl.MUTE), int(LoopControl.BAR)
_SOLO: Final = int(LoopControl.SOLO)
_NEAR: Final = 24
"""Frames that a bar line may be off the outer clock's without a jump: half a millisecond."""


@inline_kernel
def player_record(stage: int) -> Any:
    """The `PLAYER_DTYPE` record at an address."""
    return carray(as_pointer(stage), 1, PLAYER_DTYPE)[0]


@inline_kernel
def _sounds(state: Any) -> Any:
    return carray(as_pointer(state.sounds), (SLOTS, state.most), np.float32)


@inline_kernel
def _bar_line(length: int, bars: int, bar: int) -> int:
    """Where a bar of a loop begins, to the nearest frame."""
    return (2 * bar * length + bars) // (2 * bars)


@inline_kernel
def _nearest_bar(place: int, length: int, bars: int) -> int:
    """The bar of a loop whose line is nearest to a frame of it."""
    return (2 * place * bars + length) // (2 * length) % bars


@kernel
def _lay_aside(state: Any) -> None:
    """Keep what would have come next, fading; what still fades of an earlier change, fades on with it."""
    loop, length = _sounds(state)[state.held], state.length[state.held]
    done = state.fade - state.tail_left
    for i in range(state.fade):
        coming = float(loop[(state.place + i) % length])
        if i < state.tail_left:
            coming = coming * (done + i) / state.fade + state.tail_sound[done + i]
        # In place: what is read lies at or behind what is written.
        state.tail_sound[i] = coming * (1.0 - i / state.fade)
    state.tail_left = state.fade


@kernel
def _begin_bar(state: Any, stage: int, bar: int) -> None:
    """Begin a bar: of the loop that was made meanwhile, if there is one."""
    if load_acquire(stage + MIDDLE_OFFSET) & FRESH:
        _lay_aside(state)
        state.held = exchange(stage + MIDDLE_OFFSET, state.held) & SLOT
        state.changes += 1
        bars = state.bars[state.held]
        state.place = _bar_line(state.length[state.held], bars, bar % bars)


@kernel
def _jump(state: Any, stage: int) -> None:
    """The outer clock begins a bar here: go to the nearest bar line, and take a new loop."""
    length, bars = state.length[state.held], state.bars[state.held]
    bar = _nearest_bar(state.place, length, bars)
    line = _bar_line(length, bars, bar)
    off = abs(state.place - line)
    if min(off, length - off) > _NEAR:
        _lay_aside(state)
        state.place = line
    _begin_bar(state, stage, bar)
    state.bar_in = -1


@kernel
def _take_event(state: Any, event: Any, now: int) -> None:
    """Do what concerns what sounds; the rest is for the thread that makes loops."""
    if event.index == _LEVEL:
        state.level_target = event.value
    elif event.index == _MUTE:
        state.muted = event.value >= 0.5
    elif event.index == _SOLO:
        state.beside_target = 0.0 if event.value >= 0.5 else 1.0
    elif event.index == _BAR:
        state.bar_in = max(int((event.value - now) * 1e-9 * state.sample_rate), 0)
    else:
        state.ask[0] = event
        ring_push(state.asked_ring, state.ask.ctypes.data, 1)


@kernel
def _next_sample(state: Any, stage: int) -> float:
    """One sample of the loop."""
    length, bars = state.length[state.held], state.bars[state.held]
    if state.bar_in == 0:
        _jump(state, stage)
    elif state.bar_in < 0:
        bar = _nearest_bar(state.place, length, bars)
        if state.place == _bar_line(length, bars, bar):
            _begin_bar(state, stage, bar)
    if state.bar_in > 0:
        state.bar_in -= 1
    sound = _sounds(state)[state.held, state.place]
    state.place = (state.place + 1) % state.length[state.held]
    if state.tail_left > 0:
        i = state.fade - state.tail_left
        sound = sound * (i / state.fade) + state.tail_sound[i]
        state.tail_left -= 1
    target = 0.0 if state.muted else state.level_target
    state.level += (target - state.level) * state.smoothing
    heard: float = sound * state.level
    return heard


@c_kernel(STAGE_SIGNATURE)
def process(stage: Any, audio_in: Any, audio_out: Any, frames: int, events: Any, event_count: int) -> None:
    """Add the loop to a block. [audio thread]"""
    address = as_address(stage)
    state = player_record(address)
    source, target = carray(audio_in, (CHANNELS, frames)), carray(audio_out, (CHANNELS, frames))
    told = carray(events, event_count, EVENT_DTYPE)
    now, following = now_ns(), 0
    for i in range(frames):
        while following < event_count and told[following].time <= i:
            if told[following].kind == _LOOP:
                _take_event(state, told[following], now)
            elif told[following].kind == _PANIC:
                state.muted = 1
                state.beside_target = 1.0
            following += 1
        sound = _next_sample(state, address)
        state.beside += (state.beside_target - state.beside) * state.smoothing
        for channel in range(CHANNELS):
            target[channel, i] = source[channel, i] * state.beside + sound
