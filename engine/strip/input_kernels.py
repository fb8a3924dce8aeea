"""The strip's input: a block of it with what is missing, its stages, and its way to the mix. [audio thread]

What is missing is told to the input's stages by LOST events: each stands where a stretch begins and its
value is the stretch's frames within the block. The samples there are what the source left: zeros where there
were none.
"""

from typing import Any

import numpy as np
from numba import carray

from tsumami.engine.events import Kind
from tsumami.engine.jit import kernel
from tsumami.engine.memory import as_pointer
from tsumami.engine.ring import ring_consume, ring_peek
from tsumami.engine.stage import call_chain
from tsumami.engine.strip.event_kernels import insert_event
from tsumami.engine.strip.input_search import is_lost_untold
from tsumami.engine.strip.state import MAX_BLOCK_LOSSES

_LOST = int(Kind.LOST)
_LARGEST = 3.0e38


@kernel
def take_input(state: Any, meters: Any, source: int, frames: int) -> None:
    """Fill ``state.audio_in`` with the block's input at its gain, and begin its events with the losses.

    The input comes from its ring where it has one, else from address ``source``; where that is 0 all is lost.
    """
    state.input_event_count = 0
    if state.input_ring != 0:
        _take_frames(state, meters, frames)
    elif source != 0:
        _take_samples(state, source, frames)
    else:
        state.audio_in[: 2 * frames] = 0.0
        _note_lost(state, 0, frames)
    if state.input_event_count > 0 and state.input_has_begun:
        meters.input_lost += 1
    _level(state, meters, frames)


@kernel
def _take_samples(state: Any, source: int, frames: int) -> None:
    """Samples of a device; one channel goes to both sides."""
    channels = state.input_channels
    samples = carray(as_pointer(source), frames * channels, np.float32)
    for i in range(frames):
        state.audio_in[i] = samples[i * channels]
        state.audio_in[frames + i] = samples[i * channels + channels - 1]
    lost = min(state.input_lost, frames)
    state.input_lost -= lost
    if state.input_searched and is_lost_untold(state, frames):
        lost = frames
    _note_lost(state, 0, lost)


@kernel
def _take_frames(state: Any, meters: Any, frames: int) -> None:
    """Frames of the ring, as many as there are; silence for the others."""
    have = ring_peek(state.input_ring, state.input_frames.ctypes.data, frames)
    ring_consume(state.input_ring, have)
    lost = 0
    for i in range(have):
        state.audio_in[i] = state.input_frames[i].left
        state.audio_in[frames + i] = state.input_frames[i].right
        if state.input_frames[i].is_lost:
            lost += 1
        else:
            _note_lost(state, i - lost, lost)
            lost = 0
    for i in range(have, frames):
        state.audio_in[i] = state.audio_in[frames + i] = 0.0
    _note_lost(state, have - lost, lost + frames - have)
    if have > 0:
        state.input_has_begun = 1
    if have < frames and state.input_has_begun:
        meters.input_starved += 1


@kernel
def _note_lost(state: Any, offset: int, frames: int) -> None:
    """Add a LOST event, unless there is nothing lost; when there are too many the last one takes all in."""
    if frames == 0:
        return
    at = min(state.input_event_count, MAX_BLOCK_LOSSES - 1)
    if at == state.input_event_count:
        state.input_events[at].time = offset
        state.input_event_count += 1
    event = state.input_events[at]
    event.kind, event.index, event.channel, event.stamp_ns = _LOST, 0, 0, 0
    event.value = offset + frames - event.time


@kernel
def _level(state: Any, meters: Any, frames: int) -> None:
    """Gain, guard against NaN, and level meters over the block's input, in place."""
    for i in range(frames):
        a, b = state.audio_in[i] * state.input_gain, state.audio_in[frames + i] * state.input_gain
        # Written so that NaN fails the comparison. A stage would keep it for ever.
        if not (abs(a) < _LARGEST and abs(b) < _LARGEST):
            a, b = 0.0, 0.0
            meters.non_finite += 1
        state.audio_in[i], state.audio_in[frames + i] = a, b
        meters.input_peak_now[0] = max(abs(a), meters.input_peak_now[0] * state.meter_fall)
        meters.input_peak_now[1] = max(abs(b), meters.input_peak_now[1] * state.meter_fall)
        meters.input_peak = max(meters.input_peak, abs(a), abs(b))


@kernel
def run_input_stages(state: Any, frames: int) -> None:
    """The block in ``state.audio_in`` through the input's stages, which hear of losses and of all events."""
    if state.input_stage_count == 0:
        return
    for i in range(state.event_count):
        insert_event(state.input_events, state.input_event_count, state.events[i])
        state.input_event_count += 1
    call_chain(
        state.input_process,
        state.input_state,
        state.input_stage_count,
        state.audio_in,
        state.audio_between,
        frames,
        state.input_events.ctypes.data,
        state.input_event_count,
    )


@kernel
def mix_input(state: Any, frames: int) -> None:
    """Add the input to the instrument's sound."""
    for i in range(2 * frames):
        state.audio_out[i] += state.audio_in[i]
