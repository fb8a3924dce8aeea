"""The strip's hot path: one block from events to finished output. [audio thread]

Nothing here allocates, locks, raises or calls Python, and whatever a stage returns, every output
sample is written and finite.
"""

from typing import Any

import numpy as np
from numba import carray

from tsumami.engine.clock import now_ns
from tsumami.engine.events import Kind
from tsumami.engine.jit import inline_kernel, kernel
from tsumami.engine.memory import as_pointer, flush_denormals, restore_denormals
from tsumami.engine.meter_block import METER_DTYPE
from tsumami.engine.meters import record_duration
from tsumami.engine.ring import ring_push
from tsumami.engine.stage import call_chain, call_stage
from tsumami.engine.strip.event_kernels import note_applied, take_due
from tsumami.engine.strip.input_kernels import mix_input, run_input_stages, take_input
from tsumami.engine.strip.state import STRIP_DTYPE

_TOTAL, _EVENTS, _INPUT, _INSTRUMENT, _EFFECTS, _OUTPUT = range(6)
_GAIN, _PANIC, _NOTE_ON = int(Kind.GAIN), int(Kind.PANIC), int(Kind.NOTE_ON)
_FLOAT_BYTES = 4
_LARGEST = 3.0e38


@inline_kernel
def strip_record(strip: int) -> Any:
    """The `STRIP_DTYPE` record at an address."""
    return carray(as_pointer(strip), 1, STRIP_DTYPE)[0]


@inline_kernel
def meter_record(meters: int) -> Any:
    """The `METER_DTYPE` record at an address."""
    return carray(as_pointer(meters), 1, METER_DTYPE)[0]


@kernel
def _hear(state: Any, event: Any) -> None:
    """Take an event of the output's."""
    if event.kind == _GAIN:
        state.gain_target = event.value
    elif event.kind == _PANIC:
        state.shut = state.longest_shut
    elif event.kind == _NOTE_ON:
        state.shut = 0


@kernel
def _opening(state: Any) -> float:
    """How far the gate is open at the next sample."""
    if state.shut > 0:
        state.shut -= 1
        state.opening = max(state.opening - state.gate_step, 0.0)
    else:
        state.opening = min(state.opening + state.gate_step, 1.0)
    opening: float = state.opening
    return opening


@kernel
def _finish(state: Any, meters: Any, left: Any, right: Any) -> None:
    """Gain, a panic's gate, guard against NaN, limiter and level meters over the mix, in place.

    The limiter takes no look-ahead: its reduction falls at once with a peak and recovers
    exponentially, so it adds no latency and the ceiling is never passed.
    """
    frames = len(left)
    next_event = 0
    for i in range(frames):
        while next_event < state.event_count and state.events[next_event].time <= i:
            _hear(state, state.events[next_event])
            next_event += 1
        state.gain += (state.gain_target - state.gain) * state.gain_smoothing
        gain = state.gain * _opening(state)
        a, b = left[i] * gain, right[i] * gain
        # Written so that NaN fails the comparison.
        if not (abs(a) < _LARGEST and abs(b) < _LARGEST):
            a, b = 0.0, 0.0
            meters.non_finite += 1
        peak = max(abs(a), abs(b))
        state.reduction += (1.0 - state.reduction) * state.release
        if peak * state.reduction > state.ceiling:
            state.reduction = state.ceiling / peak
            meters.clipped += 1
        a, b = a * state.reduction, b * state.reduction
        left[i], right[i] = a, b
        meters.peak_now[0] = max(abs(a), meters.peak_now[0] * state.meter_fall)
        meters.peak_now[1] = max(abs(b), meters.peak_now[1] * state.meter_fall)
        meters.mean_square_now[0] += (a * a - meters.mean_square_now[0]) * (1.0 - state.meter_fall)
        meters.mean_square_now[1] += (b * b - meters.mean_square_now[1]) * (1.0 - state.meter_fall)
        meters.peak = max(meters.peak, abs(a), abs(b))
        meters.square_sum += a * a + b * b


@kernel
def _run_instrument(state: Any, frames: int) -> None:
    """The instrument's block to ``state.audio_out``; it hears nothing."""
    call_stage(
        state.instrument_process,
        state.instrument_state,
        state.silence.ctypes.data,
        state.audio_out.ctypes.data,
        frames,
        state.events.ctypes.data,
        state.event_count,
    )


@kernel
def _run_effects(state: Any, frames: int) -> None:
    """The block in ``state.audio_out`` through the effects, in place."""
    call_chain(
        state.effect_process,
        state.effect_state,
        state.effect_count,
        state.audio_out,
        state.audio_between,
        frames,
        state.events.ctypes.data,
        state.event_count,
    )


@kernel
def _account(state: Any, meters: Any, frames: int, times: Any) -> None:
    """Record each stage's load, and whom to blame when the block took longer than it lasts.

    ``times`` are the block's beginning and the end of each stage.
    """
    total = times[-1] - times[0]
    record_duration(meters.load[_TOTAL], total)
    blamed = _EVENTS
    for stage in range(_EVENTS, _OUTPUT + 1):
        took = times[stage] - times[stage - 1]
        record_duration(meters.load[stage], took)
        if took > times[blamed] - times[blamed - 1]:
            blamed = stage
    began = times[0]
    period = frames * 1e9 / state.sample_rate
    if total > period:
        meters.overruns += 1
        meters.blame[blamed] += 1
    gap = began - state.began_ns
    if state.began_ns > 0 and gap > 1.5 * period:
        meters.lost_periods += int(gap / period + 0.5) - 1
    state.began_ns = began


@kernel
def strip_block(strip: int, source: int, frames: int) -> None:
    """Process ``frames`` (at most the block size) from address ``source`` to ``state.audio_out``.

    That is planar: left samples at 0, right samples at ``frames``.
    """
    state = strip_record(strip)
    meters = meter_record(state.meters)
    began = now_ns()
    mode = flush_denormals()
    state.event_count = 0
    take_due(state, state.control_ring, frames)
    take_due(state, state.parameter_ring, frames)
    note_applied(state, meters, began)
    after_events = now_ns()
    after_input = after_events
    if state.input_channels > 0:
        take_input(state, meters, source, frames)
        run_input_stages(state, frames)
        after_input = now_ns()
    _run_instrument(state, frames)
    after_instrument = now_ns()
    if state.input_monitored:
        mix_input(state, frames)
    _run_effects(state, frames)
    after_effects = now_ns()
    audio = state.audio_out.ctypes.data
    left = carray(as_pointer(audio), frames, np.float32)
    right = carray(as_pointer(audio + frames * _FLOAT_BYTES), frames, np.float32)
    _finish(state, meters, left, right)
    state.sample += frames
    meters.sample = state.sample
    meters.blocks += 1
    restore_denormals(mode)
    times = (began, after_events, after_input, after_instrument, after_effects, now_ns())
    _account(state, meters, frames, times)


@kernel
def strip_write(strip: int, target: int, frames: int) -> None:
    """Interleave the block to address ``target`` (float32 stereo), and to who records or looks."""
    state = strip_record(strip)
    output = carray(as_pointer(target), (frames, 2), np.float32)
    for i in range(frames):
        output[i, 0] = state.audio_out[i]
        output[i, 1] = state.audio_out[frames + i]
    if state.recording:
        ring_push(state.recording_ring, target, frames)
    if state.scope_ring != 0:
        ring_push(state.scope_ring, target, frames)


@kernel
def strip_run(strip: int, source: int, target: int, frames: int) -> None:
    """Any number of frames, in blocks of at most the block size, interleaved to address ``target``.

    ``source`` is the address of a device's input, interleaved in the strip's number of input channels, or 0.
    """
    state = strip_record(strip)
    done = 0
    while done < frames:
        count = min(frames - done, state.block_size)
        strip_block(strip, source, count)
        strip_write(strip, target + done * 2 * _FLOAT_BYTES, count)
        if source != 0:
            source += count * state.input_channels * _FLOAT_BYTES
        done += count
