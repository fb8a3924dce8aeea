"""Loss that a device does not tell of: blocks of zeros amid sound, or the same block again. [audio thread]

A device that comes too late often leaves one or the other. Sound that ends on its own has become quiet first,
and a tone that repeats itself does so for longer.
"""

from typing import Any, Final

from tsumami.engine.jit import kernel

LEAST_EDGE: Final = 1e-3
"""Loudest of the last frames before blocks of zeros, and …"""
LEAST_SHARE: Final = 0.25
"""… share of their block's loudest: what is quieter than either had ended."""
EDGE_FRAMES: Final = 8
LONGEST_SECONDS: Final = 0.25
"""Of zeros that are taken for a loss; after so long what continues them has faded in any case."""
MOST_REPEATS: Final = 4


@kernel
def is_lost_untold(state: Any, frames: int) -> bool:
    """Whether the block in ``state.audio_in``, at no gain as yet, is lost though nobody said so."""
    is_silent, is_again = True, frames == state.input_before_frames
    for i in range(2 * frames):
        sample = state.audio_in[i]
        is_silent = is_silent and sample == 0.0
        is_again = is_again and sample == state.input_before[i]
    if is_silent:
        is_lost: bool = state.input_edge >= LEAST_EDGE and state.input_untold < state.input_longest
    elif is_again:
        is_lost = state.input_untold < MOST_REPEATS * frames
    else:
        is_lost = False
        state.input_untold = 0
    if is_lost:
        state.input_untold += frames
    elif not is_again:
        _remember(state, frames)
    return is_lost


@kernel
def _remember(state: Any, frames: int) -> None:
    """The block, and how loud it ends where it has not faded."""
    state.input_before_frames = frames
    loudest, edge = 0.0, 0.0
    for i in range(frames):
        left, right = state.audio_in[i], state.audio_in[frames + i]
        state.input_before[i], state.input_before[frames + i] = left, right
        loudest = max(loudest, abs(left), abs(right))
        if i >= frames - EDGE_FRAMES:
            edge = max(edge, abs(left), abs(right))
    state.input_edge = edge if edge >= LEAST_SHARE * loudest else 0.0
