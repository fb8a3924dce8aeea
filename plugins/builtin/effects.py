"""What all voices pass together: chorus, reverb, and a filter that keeps DC from the output."""

import math
from typing import Any

from tsumami.engine.jit import kernel
from tsumami.plugins.builtin.chorus import clear_chorus, feed_chorus, run_chorus, swing
from tsumami.plugins.builtin.ramp import aim, hold
from tsumami.plugins.builtin.reverb import clear_reverb, run_reverb, set_decay
from tsumami.plugins.builtin.state import CHORUS_MIX, PERIOD, REVERB_MIX, REVERB_SEND, SEND, WET, WET_WIDTH

MUTE_TICKS = 12
"""Length of the fade of the tails when all sound is switched off."""

_QUIET = 1e-6  # -120 dBFS
_LOUDEST = 100.0  # beyond this something is broken
_WET_WIDTH = 1.3  # side of the effects at full width
_TIME_MAKEUP = 0.5  # exponent: a longer hall is mixed softer


@kernel
def mute_tails(effects: Any) -> None:
    """Fade the tails out and empty the delay lines; a fade under way goes on. [audio thread]"""
    if effects.mute_left < MUTE_TICKS:
        effects.mute_left = 2 * MUTE_TICKS


@kernel
def clear_tails(effects: Any) -> None:
    """Empty all delay lines. [audio thread]"""
    clear_chorus(effects)
    clear_reverb(effects)


@kernel
def _aim_mute(effects: Any) -> None:
    """Fade the tails with nothing new sent to them, empty the lines, then open the sends again."""
    wet, send = 1.0, 1.0
    if effects.mute_left > 0:
        effects.mute_left -= 1
        left = effects.mute_left
        if left == MUTE_TICKS - 1:
            clear_tails(effects)
        if left >= MUTE_TICKS:
            wet = send = (left - MUTE_TICKS) / MUTE_TICKS
        else:
            send = 1.0 - left / MUTE_TICKS
    aim(effects, WET, wet)
    aim(effects, SEND, send)
    effects.reverb_opening = min(effects.reverb_opening + 1, MUTE_TICKS)
    aim(effects, REVERB_SEND, send * effects.reverb_opening / MUTE_TICKS)


@kernel
def _switch(effects: Any) -> None:
    """Run each effect only while it is mixed in; a reverb that begins is empty and opens softly."""
    effects.chorus_on = 1 if effects.base[CHORUS_MIX] > 0.0 or effects.step[CHORUS_MIX] > 0.0 else 0
    has_reverb = effects.base[REVERB_MIX] > 0.0 or effects.step[REVERB_MIX] > 0.0
    if has_reverb and not effects.reverb_on:
        clear_reverb(effects)
        effects.reverb_opening = 0
        hold(effects, REVERB_SEND, 0.0)
    effects.reverb_on = 1 if has_reverb else 0


@kernel
def _aim_mix(state: Any) -> None:
    """Ramps of what the parameters and the chorus' swing ask for."""
    effects, value = state.effects, state.value
    swing(effects, state.sample_rate)
    aim(effects, WET_WIDTH, _WET_WIDTH * value.width)
    aim(effects, CHORUS_MIX, value.chorus)
    aim(effects, REVERB_MIX, value.reverb_mix * math.exp(-_TIME_MAKEUP * math.log(value.reverb_time)))


@kernel
def settle_effects(state: Any) -> None:
    """Begin with all ramps where the parameters want them."""
    effects = state.effects
    set_decay(effects, state.value.reverb_time, state.sample_rate)
    for row in range(len(effects.base)):
        hold(effects, row, 0.0)
    effects.chorus_phase[0] = 0.0
    effects.chorus_phase[1] = 0.37
    effects.reverb_opening = MUTE_TICKS
    effects.reverb_on = 1
    _aim_mute(effects)
    _aim_mix(state)
    for row in range(len(effects.base)):
        hold(effects, row, effects.base[row] + PERIOD * effects.step[row])
    _switch(effects)


@kernel
def control_effects(state: Any, has_voices: bool) -> None:
    """One control tick of the effects. [audio thread]"""
    effects, value = state.effects, state.value
    if state.is_moving:
        set_decay(effects, value.reverb_time, state.sample_rate)
    _aim_mute(effects)
    _aim_mix(state)
    _switch(effects)
    if has_voices or effects.peak > _QUIET:
        effects.quiet_ticks = 0
    else:
        effects.quiet_ticks += 1
    effects.peak = 0.0


@kernel
def are_silent(effects: Any) -> bool:
    """Whether nothing can come out any more until the next note. [audio thread]"""
    return bool(effects.quiet_ticks > effects.longest_tail_ticks)


@kernel
def _block_dc(effects: Any, scratch: Any, frames: int) -> None:
    """Take the slowest part off the output, note its peak, and never let a broken number out."""
    left, right = scratch.left, scratch.right
    pole, low_left, low_right = effects.block_pole, effects.block_left, effects.block_right
    peak = effects.peak
    for i in range(frames):
        low_left += pole * (left[i] - low_left)
        low_right += pole * (right[i] - low_right)
        left[i] -= low_left
        right[i] -= low_right
        loudest = max(abs(left[i]), abs(right[i]))
        peak = max(peak, loudest)
        if not (abs(left[i]) < _LOUDEST and abs(right[i]) < _LOUDEST):
            left[i] = 0.0
            right[i] = 0.0
            effects.is_broken = 1
    effects.block_left, effects.block_right, effects.peak = low_left, low_right, peak


@kernel
def run_effects(state: Any, position: int, frames: int) -> None:
    """All effects on a segment of the output. [audio thread]"""
    effects, scratch = state.effects, state.scratch
    if effects.chorus_on:
        run_chorus(effects, scratch, position, frames)
    else:
        feed_chorus(effects, scratch, position, frames)
    if effects.reverb_on:
        run_reverb(effects, scratch, position, frames)
    _block_dc(effects, scratch, frames)
