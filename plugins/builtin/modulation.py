"""A voice at a control tick: envelopes, LFOs and glide become pitches, and ramps for the audio rate."""

import math
from typing import Any

import numpy as np

from tsumami.engine.jit import inline_kernel, kernel
from tsumami.plugins.builtin.envelope import advance
from tsumami.plugins.builtin.filter import MOST_FEEDBACK, pole_gain
from tsumami.plugins.builtin.lfo import advance_lfo, draw
from tsumami.plugins.builtin.ramp import aim
from tsumami.plugins.builtin.smoothing import semitones
from tsumami.plugins.builtin.state import (
    AMPLITUDE,
    DRIVE,
    FADING,
    FEEDBACK,
    FM,
    LEVEL1,
    LEVEL2,
    NOISE,
    PERIOD,
    POLE_GAIN,
    PULSE_WIDTH,
    WIDTH,
)

PITCH, CUTOFF, AMPLITUDE_TARGET, SHAPE = 0, 1, 2, 3
"""What an LFO moves."""

SPREAD = np.array(
    [[0.0, 0.0, 0.0, 0.0], [-1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [-1.0, 0.4, -0.35, 1.0]]
)
"""Detuning of each copy (columns) of a voice with 1, 2 or 4 copies (row: copies - 1), -1 to 1."""

_VIBRATO_SEMITONES = 12.0
_SWEEP_SEMITONES = 48.0
_PRESSURE_SEMITONES = 24.0
_SLIDE_SEMITONES = 24.0
_SHAPE_WIDTH = 0.45
_SHAPE_MIX = 0.5
_WIDEST_PULSE = 0.97
_HIGHEST_STEP = 0.45  # cycles per sample
_DRIFT_SHARE = 0.25  # of the detuning
_CENT = math.log(2.0) / 1200.0
_GLIDE_CONSTANTS = 4.0  # time constants in the time of a glide
_INPUT_GAIN = 0.5  # a single saw enters the saturation at half of full scale
_OUTPUT_GAIN = 1.6
_DRIVE_MAKEUP = 0.4  # from where the drive saturates and its gain needs no more taking back
_BASS_MAKEUP = 0.35  # how much of the level that resonance takes from the bass is given back


@inline_kernel
def _modulation(state: Any, voice: Any, target: int) -> float:
    """Sum of the two LFOs' values times depth at one target."""
    total = 0.0
    if voice.lfo1_target == target:
        total += voice.lfo1.value * state.value.lfo1_depth
    if voice.lfo2_target == target:
        total += state.lfo2.value * state.value.lfo2_depth
    return total


@inline_kernel
def _cubed_modulation(state: Any, voice: Any) -> float:
    """`_modulation` of the pitch, with cubed depths: the first third is vibrato."""
    total = 0.0
    if voice.lfo1_target == PITCH:
        depth = state.value.lfo1_depth
        total += voice.lfo1.value * depth * depth * depth
    if voice.lfo2_target == PITCH:
        depth = state.value.lfo2_depth
        total += state.lfo2.value * depth * depth * depth
    return total


@inline_kernel
def _tremolo(state: Any, voice: Any) -> float:
    """Gain of the LFOs that move the amplitude, 0-1."""
    gain = 1.0
    if voice.lfo1_target == AMPLITUDE_TARGET:
        gain *= 1.0 - state.value.lfo1_depth * 0.5 * (1.0 - voice.lfo1.value)
    if voice.lfo2_target == AMPLITUDE_TARGET:
        gain *= 1.0 - state.value.lfo2_depth * 0.5 * (1.0 - state.lfo2.value)
    return gain


@kernel
def _move_sources(state: Any, voice: Any, seconds: float) -> None:
    """Envelopes, LFO 1, glide, velocity and pressure go on by ``seconds``."""
    value = state.value
    advance(voice.amp, seconds, value.amp_attack, value.amp_decay, value.amp_sustain, value.amp_release)
    advance(
        voice.filter,
        seconds,
        value.filter_attack,
        value.filter_decay,
        value.filter_sustain,
        value.filter_release,
    )
    advance_lfo(voice.lfo1, voice.lfo1_wave, value.lfo1_rate, seconds, voice)
    glide = 1.0
    if value.glide > seconds:
        glide = 1.0 - math.exp(-seconds * _GLIDE_CONSTANTS / value.glide)
    voice.pitch += (voice.pitch_target - voice.pitch) * glide
    voice.velocity += (voice.velocity_target - voice.velocity) * state.smoothing
    voice.pressure += (voice.pressure_target - voice.pressure) * state.smoothing
    voice.note_bend += (voice.note_bend_target - voice.note_bend) * state.smoothing
    voice.slide += (voice.slide_target - voice.slide) * state.smoothing
    if voice.status == FADING:
        voice.fade = max(voice.fade - state.fade_step, 0.0)


@kernel
def _set_pitch(state: Any, voice: Any) -> None:
    """Phase increments of all copies."""
    pitch = voice.pitch + voice.note_bend + state.bend + _VIBRATO_SEMITONES * _cubed_modulation(state, voice)
    step = 440.0 * semitones(pitch - 69.0) / state.sample_rate
    detune = state.value.detune * _CENT
    for copy in range(voice.copies):
        voice.drift[copy] += state.drift_push * draw(voice) - state.drift_pull * voice.drift[copy]
        away = detune * (SPREAD[voice.copies - 1, copy] + _DRIFT_SHARE * voice.drift[copy])
        ratio = 1.0 + away * (1.0 + away * (0.5 + away * (1.0 / 6.0)))
        voice.increment1[copy] = min(step * ratio, _HIGHEST_STEP)
        voice.increment2[copy] = min(step * ratio * state.osc2_ratio, _HIGHEST_STEP)


@kernel
def _set_timbre(state: Any, voice: Any) -> None:
    """Ramps of the oscillators' levels and shapes."""
    value = state.value
    shape = _modulation(state, voice, SHAPE)
    mix = min(max(value.osc_mix + _SHAPE_MIX * shape, 0.0), 1.0)
    copy_gain = _INPUT_GAIN / math.sqrt(voice.copies)
    aim(voice, LEVEL1, copy_gain * math.sqrt(1.0 - mix))
    aim(voice, LEVEL2, copy_gain * math.sqrt(mix))
    aim(voice, NOISE, _INPUT_GAIN * value.noise_level)
    aim(voice, FM, value.fm_amount)
    width = 0.5 + abs(value.pulse_width - 0.5 + _SHAPE_WIDTH * shape)
    aim(voice, PULSE_WIDTH, min(width, _WIDEST_PULSE))
    aim(voice, WIDTH, value.width)


@kernel
def _set_filter(state: Any, voice: Any) -> None:
    """Ramps of drive, cutoff and resonance."""
    value = state.value
    shift = (
        value.key_track * (voice.pitch + voice.note_bend + state.bend - 60.0)
        + value.filter_env * voice.filter.level
        - value.filter_velocity * (1.0 - voice.velocity)
        + _SWEEP_SEMITONES * _modulation(state, voice, CUTOFF)
        + _PRESSURE_SEMITONES * voice.pressure
        + _SLIDE_SEMITONES * voice.slide
    )
    aim(voice, POLE_GAIN, pole_gain(value.cutoff * semitones(shift), state.sample_rate))
    feedback = MOST_FEEDBACK * value.resonance
    aim(voice, FEEDBACK, feedback)
    aim(voice, DRIVE, state.drive * (1.0 + _BASS_MAKEUP * feedback))


@kernel
def _amplitude(state: Any, voice: Any) -> float:
    """What the amplitude should be at the end of the period."""
    sensitivity = state.value.amp_velocity
    loudness = 1.0 - sensitivity + sensitivity * voice.velocity * math.sqrt(voice.velocity)
    makeup = _OUTPUT_GAIN * (1.0 + _DRIVE_MAKEUP * state.drive) / ((1.0 + _DRIVE_MAKEUP) * state.drive)
    fade = voice.fade * voice.fade * (3.0 - 2.0 * voice.fade)
    return float(voice.amp.level * loudness * _tremolo(state, voice) * fade * makeup * state.volume)


@kernel
def control_voice(state: Any, voice: Any) -> None:
    """A whole control period of a voice that sounds already. [audio thread]"""
    _move_sources(state, voice, PERIOD / state.sample_rate)
    _set_pitch(state, voice)
    _set_timbre(state, voice)
    _set_filter(state, voice)
    aim(voice, AMPLITUDE, _amplitude(state, voice))


@kernel
def open_voice(state: Any, voice: Any, position: int) -> None:
    """The first, perhaps shortened control period of a voice, from sample ``position`` of the period.

    All ramps start at their ends, but the amplitude starts from silence. [audio thread]
    """
    left = PERIOD - position
    _move_sources(state, voice, left / state.sample_rate)
    _set_pitch(state, voice)
    for _ in range(2):  # once to arrive, once to stay
        _set_timbre(state, voice)
        _set_filter(state, voice)
    step = _amplitude(state, voice) / left
    voice.step[AMPLITUDE] = step
    voice.base[AMPLITUDE] = -step * position
