"""The compiled stage of the synthesizer: events at their samples, control ticks, segments of sound."""

import math
from typing import Any

import numpy as np
from numba import carray  # pyright: ignore[reportPrivateImportUsage]

from tsumami.engine.events import EVENT_DTYPE, Kind
from tsumami.engine.jit import c_kernel, inline_kernel, kernel
from tsumami.engine.stage import STAGE_SIGNATURE
from tsumami.plugins.builtin.effects import are_silent, clear_tails, control_effects, mute_tails, run_effects
from tsumami.plugins.builtin.lfo import advance_lfo
from tsumami.plugins.builtin.modulation import control_voice
from tsumami.plugins.builtin.notes import (
    bend_note,
    is_over,
    press_note,
    press_pedal,
    release_all,
    silence_all,
    slide_note,
    start_note,
    stop_note,
)
from tsumami.plugins.builtin.parameters import PARAMETERS
from tsumami.plugins.builtin.smoothing import move_parameters, set_target
from tsumami.plugins.builtin.state import FREE, NOTES, PERIOD, STATE_DTYPE
from tsumami.plugins.builtin.voice import render_voice

BEND_SEMITONES = 2.0
_MOST_SEMITONES = 96.0

_ROWS = len(PARAMETERS)
_NOTE_ON, _NOTE_OFF, _PARAMETER = int(Kind.NOTE_ON), int(Kind.NOTE_OFF), int(Kind.PARAMETER)
_PITCH_BEND, _SUSTAIN, _PRESSURE = int(Kind.PITCH_BEND), int(Kind.SUSTAIN), int(Kind.PRESSURE)
_NOTE_BEND, _NOTE_SLIDE = int(Kind.NOTE_BEND), int(Kind.NOTE_SLIDE)
_ALL_NOTES_OFF, _ALL_SOUND_OFF = int(Kind.ALL_NOTES_OFF), int(Kind.ALL_SOUND_OFF)


@kernel
def _apply_key(state: Any, kind: int, note: int, value: float) -> None:
    """A note on, off, pressed or bent; notes that do not exist are ignored."""
    if kind == _PRESSURE and note == -1:
        press_note(state, -1, min(max(value, 0.0), 1.0))
    if note < 0 or note >= NOTES:
        return
    if kind == _NOTE_ON and value > 0.0:
        start_note(state, note, min(value, 1.0), state.phase)
    elif kind == _PRESSURE:
        press_note(state, note, min(max(value, 0.0), 1.0))
    elif kind == _NOTE_BEND:
        bend_note(state, note, min(max(value, -_MOST_SEMITONES), _MOST_SEMITONES))
    elif kind == _NOTE_SLIDE:
        slide_note(state, note, min(max(value, -1.0), 1.0))
    else:
        stop_note(state, note)


@kernel
def _apply(state: Any, kind: int, index: int, value: float) -> None:
    """One event. One whose value should count but is not finite is ignored; an off is always heard."""
    if not math.isfinite(value) and kind not in (_NOTE_OFF, _ALL_NOTES_OFF, _ALL_SOUND_OFF):
        return
    if kind in (_NOTE_ON, _NOTE_OFF, _PRESSURE, _NOTE_BEND, _NOTE_SLIDE):
        _apply_key(state, kind, index, value)
    elif kind == _PARAMETER:
        if 0 <= index < _ROWS:
            set_target(state, index, value)
    elif kind == _PITCH_BEND:
        state.bend_target = BEND_SEMITONES * min(max(value, -1.0), 1.0)
    elif kind == _SUSTAIN:
        press_pedal(state, 1 if value >= 0.5 else 0)
    elif kind == _ALL_NOTES_OFF:
        release_all(state)
    elif kind == _ALL_SOUND_OFF:
        silence_all(state)
        mute_tails(state.effects)


@kernel
def _repair(state: Any) -> None:
    """Silence everything after a number that is not finite."""
    for i in range(len(state.voices)):
        state.voices[i].status = FREE
    clear_tails(state.effects)
    state.effects.block_left = 0.0
    state.effects.block_right = 0.0
    state.effects.is_broken = 0


@kernel
def _tick(state: Any) -> None:
    """Control rate: every `PERIOD` samples of the synthesizer's own count."""
    if state.effects.is_broken:
        _repair(state)
    move_parameters(state)
    state.bend += (state.bend_target - state.bend) * state.smoothing
    advance_lfo(
        state.lfo2, int(state.value.lfo2_wave), state.value.lfo2_rate, PERIOD / state.sample_rate, state
    )
    slots = 0
    for i in range(state.slots):
        voice = state.voices[i]
        if voice.status == FREE:
            continue
        if is_over(voice):
            voice.status = FREE
            continue
        control_voice(state, voice)
        slots = i + 1
    state.slots = slots
    control_effects(state, slots > 0)


@inline_kernel
def _render(state: Any, out_left: Any, out_right: Any, start: int, frames: int) -> None:
    """A segment without ticks or events inside."""
    scratch = state.scratch
    if are_silent(state.effects):
        for i in range(frames):
            out_left[start + i] = 0.0
            out_right[start + i] = 0.0
        return
    for i in range(frames):
        scratch.left[i] = 0.0
        scratch.right[i] = 0.0
    for i in range(state.slots):
        if state.voices[i].status != FREE:
            render_voice(state.voices[i], scratch, state.phase, frames)
    run_effects(state, state.phase, frames)
    for i in range(frames):
        out_left[start + i] = np.float32(scratch.left[i])
        out_right[start + i] = np.float32(scratch.right[i])


@c_kernel(STAGE_SIGNATURE)
def process(
    state_pointer: Any,
    audio_in: Any,  # noqa: ARG001 - an instrument hears nothing
    audio_out: Any,
    frames: int,
    events_pointer: Any,
    event_count: int,
) -> None:
    """Render a block. [audio thread]"""
    state = carray(state_pointer, 1, STATE_DTYPE)[0]
    events = carray(events_pointer, event_count, EVENT_DTYPE)
    output = carray(audio_out, (2, frames))
    done, upcoming = 0, 0
    while done < frames:
        if state.phase == 0:
            _tick(state)
        while upcoming < event_count and events[upcoming].time <= done:
            event = events[upcoming]
            _apply(state, event.kind, event.index, event.value)
            upcoming += 1
        end = min(frames, done + PERIOD - state.phase)
        if upcoming < event_count:
            end = min(end, events[upcoming].time)
        _render(state, output[0], output[1], done, end - done)
        state.phase = (state.phase + end - done) % PERIOD
        done = end
