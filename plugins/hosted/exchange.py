"""Asking a plugin's process for a block, and taking what it has answered. [audio thread]"""

from typing import Any

from tsumami.engine.clock import now_ns, sleep_until
from tsumami.engine.doorbell import ring_bell
from tsumami.engine.events import EFFECT_ROWS, EVENT_DTYPE, Kind
from tsumami.engine.jit import kernel
from tsumami.engine.ring import ring_consume, ring_peek, ring_push, ring_room
from tsumami.engine.shared import FRAME_DTYPE

TOO_LOUD = 10 ** (24 / 20)
"""+24 dBFS: no instrument means this; a filter that has blown up does."""

_FRAME_BYTES = FRAME_DTYPE.itemsize
_POLL_NS = 20_000
_PARAMETER, _EFFECT, _BYPASS = int(Kind.PARAMETER), int(Kind.EFFECT), int(Kind.BYPASS)
_ALL_NOTES_OFF = int(Kind.ALL_NOTES_OFF)
_FOR_THE_STRIP = (
    int(Kind.MACRO),
    int(Kind.LATENT),
    int(Kind.PATCH),
    int(Kind.GAIN),
    int(Kind.LOOP),
    int(Kind.REPAIR),
    int(Kind.PANIC),
)
assert EVENT_DTYPE.itemsize % 8 == 0


@kernel
def _send_event(state: Any, meters: Any) -> None:
    """Push ``state.event``; what is lost is owed as a release of all notes."""
    if not ring_push(state.events_ring, state.event.ctypes.data, 1):
        meters.lost_events += 1
        state.owes_silence = 1


@kernel
def _send_events(state: Any, meters: Any, events: Any) -> None:
    """Hand this stage's events on, with positions as their times."""
    if state.owes_silence and ring_room(state.events_ring) > 1:
        state.owes_silence = 0
        state.event[0].time = state.position
        state.event[0].kind = _ALL_NOTES_OFF
        state.event[0].index = 0
        _send_event(state, meters)
    for i in range(len(events)):
        kind = events[i].kind
        if kind == _BYPASS and events[i].index == state.effect:
            state.bypass_target = 1.0 if events[i].value >= 0.5 else 0.0
        if kind in _FOR_THE_STRIP or kind == _BYPASS:
            continue
        is_for_effects = kind == _EFFECT
        if is_for_effects != (state.effect >= 0) or (
            is_for_effects and events[i].index // EFFECT_ROWS != state.effect
        ):
            continue
        state.event[0] = events[i]
        state.event[0].time = state.position + events[i].time
        if is_for_effects:
            state.event[0].kind = _PARAMETER
            state.event[0].index = events[i].index % EFFECT_ROWS
        _send_event(state, meters)


@kernel
def ask(state: Any, meters: Any, left: Any, right: Any, events: Any) -> None:
    """Send a block's events and, of an effect, its input, and wake the plugin's process.

    With no room the block is not asked for, and its answer will be missed like a late one.
    """
    frames = len(left)
    is_effect = state.effect >= 0
    _send_events(state, meters, events)
    has_room = ring_room(state.requests_ring) > 0
    if is_effect:
        has_room = has_room and ring_room(state.input_ring) >= frames
    if has_room:
        if is_effect:
            for i in range(frames):
                state.frames[i].left = left[i]
                state.frames[i].right = right[i]
            ring_push(state.input_ring, state.frames.ctypes.data, frames)
        state.block[0].position = state.position
        state.block[0].frames = frames
        ring_push(state.requests_ring, state.block.ctypes.data, 1)
        ring_bell(state.bell)
    state.position += frames
    meters.asked = state.position


@kernel
def _drop(state: Any, frames: int) -> None:
    """Pass over frames of the answer that is being taken."""
    ring_consume(state.output_ring, frames)
    state.answer[0].position += frames
    state.answer[0].frames -= frames


@kernel
def _has_answer(state: Any, meters: Any, wanted: int) -> bool:
    """Whether the answer being taken begins at position ``wanted``; passes over those of the past."""
    while True:
        if state.answer[0].frames == 0:
            if ring_peek(state.answers_ring, state.answer.ctypes.data, 1) == 0:
                state.answer[0].frames = 0
                return False
            ring_consume(state.answers_ring, 1)
        behind = wanted - state.answer[0].position
        if behind >= state.answer[0].frames or state.answer[0].generation <= meters.refused_generation:
            _drop(state, state.answer[0].frames)
        else:
            if behind > 0:
                _drop(state, behind)
            is_there: bool = behind >= 0
            return is_there


@kernel
def _is_sound(frames: Any, first: int, end: int) -> bool:
    """Whether all of ``frames[first:end]`` are finite and below `TOO_LOUD`; NaN fails the comparison."""
    for i in range(first, end):
        if not (abs(frames[i].left) <= TOO_LOUD and abs(frames[i].right) <= TOO_LOUD):
            return False
    return True


@kernel
def collect(state: Any, meters: Any, frames: int) -> int:
    """Take the answer for this block into ``state.frames``; returns how many frames of it are there.

    The block that is played is ``hop`` frames behind the one just asked for. An answer with a sample that
    no sound has is refused, and with it all answers of that process.
    """
    wanted = state.position - frames - state.hop
    have: int = min(max(state.first_position - wanted, 0), frames)  # before the first block was silence
    for i in range(have):
        state.frames[i].left = 0.0
        state.frames[i].right = 0.0
    deadline = now_ns() + state.patience_ns
    while have < frames:
        if _has_answer(state, meters, wanted + have):
            count = min(frames - have, state.answer[0].frames)
            ring_peek(state.output_ring, state.frames.ctypes.data + have * _FRAME_BYTES, count)
            _drop(state, count)
            if not _is_sound(state.frames, have, have + count):
                meters.refused += 1
                meters.refused_generation = state.answer[0].generation
                return have
            have += count
        elif state.patience_ns == 0 or now_ns() > deadline:
            break
        else:
            sleep_until(now_ns() + _POLL_NS)
    return have
