"""What is heard of a plugin: its sound, a held end of it, the dry signal, the fades. [audio thread]

While answers come, the plugin is heard as it is. When one is missing, its sound goes on from its own last
samples, played back and forth so that nothing jumps; after one block of that it fades to the dry signal
(silence under an instrument). When answers come again it fades back. Bypass is one more fade, to the dry
signal delayed as the plugin delays it.
"""

from typing import Any

from tsumami.engine.jit import inline_kernel, kernel
from tsumami.plugins.hosted.state import HISTORY, MAX_LATENCY, MIRROR

_DRY_LINE = 2 * MAX_LATENCY


@inline_kernel
def _mirrored(frames: int) -> int:
    """How far back to look after ``frames`` of holding: 1, 2 … and back again, as a triangle."""
    phase = frames % (2 * (MIRROR - 1))
    return phase if phase < MIRROR else 2 * (MIRROR - 1) - phase


@kernel
def _stop(state: Any) -> None:
    """The answers end here: hold what sounds, as loud as it was."""
    state.hold_from = state.history_end
    state.dry = state.dry * (1.0 - state.wet)
    state.hold = 1.0
    state.wet = 0.0


@kernel
def _advance_weights(state: Any, is_there: bool) -> None:
    """Move the weights by one frame."""
    if is_there:
        state.missing = 0
        state.wet = min(1.0, state.wet + state.cross_step)
    else:
        if state.missing == 0:
            _stop(state)
        state.missing += 1
        if state.missing > state.hold_frames and state.hold > 0.0:
            step = min(state.fade_step, state.hold)
            state.dry += (1.0 - state.dry) * step / state.hold
            state.hold -= step
    step = state.cross_step
    state.bypass += min(max(state.bypass_target - state.bypass, -step), step)


@kernel
def mix(state: Any, have: int, dry_left: Any, dry_right: Any, left: Any, right: Any) -> None:
    """Write a block of which ``have`` frames were answered; every frame of it, whatever has happened."""
    for i in range(len(left)):
        line = state.dry_end % _DRY_LINE
        state.dry_line[0, line] = dry_left[i]
        state.dry_line[1, line] = dry_right[i]
        delayed = (state.dry_end - state.dry_delay) % _DRY_LINE
        state.dry_end += 1
        _advance_weights(state, i < have)
        back = _mirrored(state.history_end - state.hold_from + 1)
        held = (state.hold_from - 1 - back) % HISTORY
        at = state.history_end % HISTORY
        state.history_end += 1
        wet, hold, dry = state.wet, (1.0 - state.wet) * state.hold, (1.0 - state.wet) * state.dry
        for channel in range(2):
            sound = hold * state.history[channel, held]
            if i < have:
                sound += wet * (state.frames[i].left if channel == 0 else state.frames[i].right)
            state.history[channel, at] = sound
            bypassed = state.dry_line[channel, delayed]
            value = (1.0 - state.bypass) * (sound + dry * bypassed) + state.bypass * bypassed
            if channel == 0:
                left[i] = value
            else:
                right[i] = value
