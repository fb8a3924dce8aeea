"""Keys, pedal and voices: who plays which note, who is stolen, who is released."""

from typing import Any

from tsumami.engine.jit import inline_kernel, kernel
from tsumami.plugins.builtin.envelope import ATTACK, IDLE, RELEASE
from tsumami.plugins.builtin.lfo import draw, start_lfo
from tsumami.plugins.builtin.modulation import open_voice
from tsumami.plugins.builtin.parameters import UNISON_COPIES
from tsumami.plugins.builtin.state import FADING, FREE, NOTES, SOUNDING

POLY, MONO, LEGATO = 0, 1, 2

_GOLDEN = 0.6180339887498949  # start phases of the copies: as far from each other as can be
_FIRST_DRIFT = 0.8


@inline_kernel
def _count(state: Any) -> int:
    """Number of this key event: orders notes and releases."""
    state.note_count += 1
    return int(state.note_count)


@inline_kernel
def _is_down(voice: Any) -> bool:
    """Whether a key or the pedal holds a voice."""
    return bool(voice.is_held or voice.is_sustained)


@inline_kernel
def _release(state: Any, voice: Any) -> None:
    voice.is_held = 0
    voice.is_sustained = 0
    voice.released_order = _count(state)
    voice.amp.stage = RELEASE
    voice.filter.stage = RELEASE


@inline_kernel
def _let_go(state: Any, voice: Any) -> None:
    """The key of a voice went up: the pedal may hold it."""
    if state.sustain:
        voice.is_held = 0
        voice.is_sustained = 1
    else:
        _release(state, voice)


@kernel
def _steal(state: Any) -> None:
    """If all voices sound, fade one out: the oldest of the released ones, else the oldest."""
    sounding, oldest, oldest_released = 0, -1, -1
    voices = state.voices
    for i in range(len(voices)):
        if voices[i].status != SOUNDING:
            continue
        sounding += 1
        if oldest < 0 or voices[i].order < voices[oldest].order:
            oldest = i
        order = voices[i].released_order
        if order > 0 and (oldest_released < 0 or order < voices[oldest_released].released_order):
            oldest_released = i
    if sounding >= state.polyphony:
        stolen = oldest_released if oldest_released >= 0 else oldest
        voices[stolen].status = FADING


@kernel
def _free_slot(state: Any) -> int:
    """A slot that is free; when even the fading ones fill the rest, the one that faded most is cut."""
    voices = state.voices
    most_faded = 0
    least = 2.0
    for i in range(len(voices)):
        if voices[i].status == FREE:
            return i
        if voices[i].status == FADING and voices[i].fade < least:
            least = voices[i].fade
            most_faded = i
    return most_faded


@kernel
def _begin(state: Any, voice: Any, note: int, velocity: float, order: int, position: int) -> None:
    """Start a note in a slot, at sample ``position`` of the control period."""
    value = state.value
    voice.status = SOUNDING
    voice.note = note
    voice.order = order
    voice.released_order = 0
    voice.is_held = 1
    voice.is_sustained = 0
    voice.wave1 = int(value.osc1_wave)
    voice.wave2 = int(value.osc2_wave)
    voice.filter_mode = int(value.filter_mode)
    voice.lfo1_wave = int(value.lfo1_wave)
    voice.lfo1_target = int(value.lfo1_target)
    voice.lfo2_target = int(value.lfo2_target)
    voice.copies = UNISON_COPIES[int(value.unison)]
    draw(state)
    voice.random = state.random
    voice.velocity = velocity
    voice.velocity_target = velocity
    voice.pitch_target = float(note)
    glides = value.glide > 0.0 and state.last_pitch >= 0.0 and int(value.voice_mode) != LEGATO
    voice.pitch = state.last_pitch if glides else float(note)
    voice.pressure = state.pressure
    voice.pressure_target = state.pressure
    voice.note_bend = state.note_bend[note]
    voice.note_bend_target = state.note_bend[note]
    voice.slide = state.slide[note]
    voice.slide_target = state.slide[note]
    voice.fade = 1.0
    voice.amp.level = 0.0
    voice.amp.stage = ATTACK
    voice.filter.level = 0.0
    voice.filter.stage = ATTACK
    start_lfo(voice.lfo1, voice.lfo1_wave, voice)
    for copy in range(voice.copies):
        phase = copy * _GOLDEN
        voice.phase1[copy] = phase - int(phase)
        voice.phase2[copy] = phase - int(phase)
        voice.bend1[copy] = 0.0
        voice.drift[copy] = _FIRST_DRIFT * draw(voice)
    for pole in range(4):
        voice.left[pole] = 0.0
        voice.right[pole] = 0.0
    for row in range(len(voice.base)):
        voice.base[row] = 0.0
        voice.step[row] = 0.0
    open_voice(state, voice, position)


@kernel
def _sounding_voice(state: Any) -> int:
    """The slot of the newest sounding voice, or -1: the one voice of the mono modes."""
    newest = -1
    for i in range(len(state.voices)):
        voice = state.voices[i]
        if voice.status == SOUNDING and (newest < 0 or voice.order > state.voices[newest].order):
            newest = i
    return newest


@kernel
def _take_over(state: Any, voice: Any, note: int, velocity: float, order: int) -> None:
    """Let the voice of a mono mode go on with another key; legato does not start its envelopes again."""
    voice.note = note
    voice.order = order
    voice.is_held = 1
    voice.is_sustained = 0
    voice.velocity_target = velocity
    voice.pitch_target = float(note)
    voice.note_bend_target = state.note_bend[note]
    voice.slide_target = state.slide[note]
    if int(state.value.voice_mode) == MONO:
        voice.amp.stage = ATTACK
        voice.filter.stage = ATTACK


@kernel
def start_note(state: Any, note: int, velocity: float, position: int) -> None:
    """A key went down at sample ``position`` of the control period. [audio thread]"""
    order = _count(state)
    state.held_order[note] = order
    state.effects.quiet_ticks = 0
    if int(state.value.voice_mode) != POLY:
        slot = _sounding_voice(state)
        if slot >= 0 and _is_down(state.voices[slot]):
            _take_over(state, state.voices[slot], note, velocity, order)
            state.last_pitch = float(note)
            return
        if slot >= 0:
            state.voices[slot].status = FADING
    for i in range(len(state.voices)):
        if state.voices[i].status == SOUNDING and state.voices[i].note == note and _is_down(state.voices[i]):
            _release(state, state.voices[i])
    _steal(state)
    slot = _free_slot(state)
    state.slots = max(state.slots, slot + 1)
    _begin(state, state.voices[slot], note, velocity, order, position)
    state.last_pitch = float(note)


@kernel
def _last_held(state: Any) -> int:
    """The key that went down last of those that are down, or -1."""
    last, order = -1, 0
    for note in range(NOTES):
        if state.held_order[note] > order:
            order = state.held_order[note]
            last = note
    return last


@kernel
def stop_note(state: Any, note: int) -> None:
    """A key went up. A mono mode goes back to the last key that is still down. [audio thread]"""
    state.held_order[note] = 0
    for i in range(len(state.voices)):
        voice = state.voices[i]
        if voice.status != SOUNDING or voice.note != note or not voice.is_held:
            continue
        other = _last_held(state) if int(state.value.voice_mode) != POLY else -1
        if other >= 0:
            voice.note = other
            voice.pitch_target = float(other)
            voice.note_bend_target = state.note_bend[other]
            voice.slide_target = state.slide[other]
            state.last_pitch = float(other)
        else:
            _let_go(state, voice)


@kernel
def press_pedal(state: Any, is_down: int) -> None:
    """The sustain pedal moved; when it is lifted, notes whose keys are up are released. [audio thread]"""
    state.sustain = is_down
    if is_down:
        return
    for i in range(len(state.voices)):
        voice = state.voices[i]
        if voice.status == SOUNDING and voice.is_sustained:
            _release(state, voice)


@kernel
def release_all(state: Any) -> None:
    """All keys and the pedal go up. [audio thread]"""
    state.sustain = 0
    for note in range(NOTES):
        state.held_order[note] = 0
    for i in range(len(state.voices)):
        voice = state.voices[i]
        if voice.status == SOUNDING and _is_down(voice):
            _release(state, voice)


@kernel
def silence_all(state: Any) -> None:
    """All keys and the pedal go up and every voice fades within milliseconds. [audio thread]"""
    release_all(state)
    for i in range(len(state.voices)):
        if state.voices[i].status == SOUNDING:
            state.voices[i].status = FADING


@kernel
def press_note(state: Any, note: int, pressure: float) -> None:
    """Pressure on one key, or on all with note -1. [audio thread]"""
    if note < 0:
        state.pressure = pressure
    for i in range(len(state.voices)):
        voice = state.voices[i]
        if voice.status == SOUNDING and (note < 0 or voice.note == note):
            voice.pressure_target = pressure


@kernel
def bend_note(state: Any, note: int, interval: float) -> None:
    """One key bends its own note by semitones. [audio thread]"""
    state.note_bend[note] = interval
    for i in range(len(state.voices)):
        voice = state.voices[i]
        if voice.status == SOUNDING and voice.note == note and _is_down(voice):
            voice.note_bend_target = interval


@kernel
def slide_note(state: Any, note: int, slide: float) -> None:
    """One key makes its own note brighter or darker, 1 to -1. [audio thread]"""
    state.slide[note] = slide
    for i in range(len(state.voices)):
        voice = state.voices[i]
        if voice.status == SOUNDING and voice.note == note and _is_down(voice):
            voice.slide_target = slide


@inline_kernel
def is_over(voice: Any) -> bool:
    """Whether a voice that is not free has nothing left to play."""
    return bool(voice.amp.stage == IDLE or (voice.status == FADING and voice.fade == 0.0))
