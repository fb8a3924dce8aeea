"""The audio rate of one voice: two oscillators with copies, noise, and a stereo filter."""

from typing import Any

import numpy as np

from tsumami.engine.jit import kernel
from tsumami.plugins.builtin.filter import ladder
from tsumami.plugins.builtin.lfo import draw
from tsumami.plugins.builtin.oscillator import run_modulated, run_oscillator
from tsumami.plugins.builtin.state import (
    AMPLITUDE,
    DRIVE,
    FEEDBACK,
    FM,
    LEVEL1,
    LEVEL2,
    NOISE,
    POLE_GAIN,
    PULSE_WIDTH,
    WIDTH,
)

PAN = np.array([[-0.5, 0.0, 0.0, 0.0], [-1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [-1.0, 0.6, -0.6, 1.0]])
"""Side of each copy (columns) of oscillator 1 in a voice of 1, 2 or 4 copies; oscillator 2 is mirrored."""


@kernel
def _fill_noise(voice: Any, scratch: Any, position: int, frames: int) -> None:
    """Begin the mix of a segment with noise, or with silence."""
    mid, side = scratch.mid, scratch.side
    level, step = voice.base[NOISE], voice.step[NOISE]
    if level == 0.0 and step == 0.0:
        for i in range(frames):
            mid[i] = 0.0
            side[i] = 0.0
        return
    for i in range(frames):
        gain = level + step * (position + i)
        mid[i] = gain * draw(voice)
        side[i] = gain * draw(voice)


@kernel
def _mix(scratch: Any, wave: Any, level: float, step: float, pan: float, frames: int) -> None:
    """Add a copy to the segment; ``level`` goes by ``step`` per sample."""
    mid, side = scratch.mid, scratch.side
    for i in range(frames):
        sample = wave[i] * (level + step * i)
        mid[i] += sample
        side[i] += sample * pan


@kernel
def _add_copy(voice: Any, scratch: Any, copy: int, position: int, frames: int) -> None:
    """One copy of both oscillators."""
    base, step = voice.base, voice.step
    widen = step[PULSE_WIDTH]
    width = base[PULSE_WIDTH] + widen * position
    pan = PAN[voice.copies - 1, copy]
    voice.phase2[copy] = run_oscillator(
        voice.wave2, voice.phase2[copy], voice.increment2[copy], width, widen, scratch.modulation, frames
    )
    level2 = base[LEVEL2] + step[LEVEL2] * position
    _mix(scratch, scratch.modulation, level2, step[LEVEL2], -pan, frames)
    if base[FM] == 0.0 and step[FM] == 0.0:
        voice.bend1[copy] = 0.0
        voice.phase1[copy] = run_oscillator(
            voice.wave1, voice.phase1[copy], voice.increment1[copy], width, widen, scratch.wave, frames
        )
    else:
        voice.phase1[copy], voice.bend1[copy] = run_modulated(
            voice.wave1,
            voice.phase1[copy],
            voice.bend1[copy],
            voice.increment1[copy],
            width,
            widen,
            base[FM] + step[FM] * position,
            step[FM],
            scratch.modulation,
            scratch.wave,
            frames,
        )
    level1 = base[LEVEL1] + step[LEVEL1] * position
    _mix(scratch, scratch.wave, level1, step[LEVEL1], pan, frames)


@kernel
def _filter(voice: Any, scratch: Any, position: int, frames: int) -> None:
    """Spread the mix over the two channels, filter them and add them to the output."""
    base, step, mode = voice.base, voice.step, voice.filter_mode
    mid, side, left, right = scratch.mid, scratch.side, scratch.left, scratch.right
    l1, l2, l3, l4 = voice.left[0], voice.left[1], voice.left[2], voice.left[3]
    r1, r2, r3, r4 = voice.right[0], voice.right[1], voice.right[2], voice.right[3]
    width, width_step = base[WIDTH], step[WIDTH]
    drive, drive_step = base[DRIVE], step[DRIVE]
    gain, gain_step = base[POLE_GAIN], step[POLE_GAIN]
    feedback, feedback_step = base[FEEDBACK], step[FEEDBACK]
    amplitude, amplitude_step = base[AMPLITUDE], step[AMPLITUDE]
    for i in range(frames):
        at = position + i
        spread = (width + width_step * at) * side[i]
        push = drive + drive_step * at
        pole = gain + gain_step * at
        back = feedback + feedback_step * at
        loud = amplitude + amplitude_step * at
        y, l1, l2, l3, l4 = ladder(mode, push * (mid[i] - spread), pole, back, l1, l2, l3, l4)
        left[i] += loud * y
        y, r1, r2, r3, r4 = ladder(mode, push * (mid[i] + spread), pole, back, r1, r2, r3, r4)
        right[i] += loud * y
    voice.left[0], voice.left[1], voice.left[2], voice.left[3] = l1, l2, l3, l4
    voice.right[0], voice.right[1], voice.right[2], voice.right[3] = r1, r2, r3, r4


@kernel
def render_voice(voice: Any, scratch: Any, position: int, frames: int) -> None:
    """Add ``frames`` samples from sample ``position`` of the control period to the scratch output.

    [audio thread]
    """
    _fill_noise(voice, scratch, position, frames)
    for copy in range(voice.copies):
        _add_copy(voice, scratch, copy, position, frames)
    _filter(voice, scratch, position, frames)
