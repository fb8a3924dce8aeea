"""The record of a hosted plugin's stage: everything that the audio thread touches for it."""

from typing import Final

import numpy as np

from tsumami.engine.events import EVENT_DTYPE
from tsumami.engine.shared import FRAME_DTYPE
from tsumami.engine.strip.state import MAX_BLOCK_SIZE
from tsumami.plugins.hosted.memory import BLOCK_DTYPE

MAX_LATENCY: Final = 1 << 17
"""Longest delay in frames that a dry signal is kept for: 2.7 s at 48 kHz."""
HISTORY: Final = 1 << 14
"""Frames of the plugin's own sound that are kept, to play on from when it stops."""
MIRROR: Final = 2048
"""Frames of the history that a hold goes over, back and forth."""

STAGE_DTYPE = np.dtype(
    [
        # Addresses, fixed while active.
        ("events_ring", np.int64),
        ("input_ring", np.int64),
        ("requests_ring", np.int64),
        ("output_ring", np.int64),
        ("answers_ring", np.int64),
        ("meters", np.int64),
        ("bell", np.int64),
        # Settings, fixed while active.
        ("effect", np.int64),  # number in the chain; -1 for an instrument
        ("hop", np.int64),  # frames that the way through the other process adds: the block size
        ("dry_delay", np.int64),  # frames from input to output
        ("patience_ns", np.int64),  # how long a block may wait for its answer; 0 in live use
        ("hold_frames", np.int64),  # how long a stopped sound goes on before it fades
        ("fade_step", np.float64),  # per frame, of the fade from a held sound
        ("cross_step", np.float64),  # per frame, of the fade to a sound that is back
        # What changes.
        ("first_position", np.int64),
        ("position", np.int64),  # frames asked for so far
        ("answer", BLOCK_DTYPE, (1,)),  # what is left of the answer that is being taken
        ("owes_silence", np.int64),  # events were lost: notes may hang until all are switched off
        ("wet", np.float64),  # weight of the plugin's sound, 0-1
        ("hold", np.float64),  # weight of the held sound
        ("dry", np.float64),  # weight of the dry signal under a held sound
        ("missing", np.int64),  # frames since the answers stopped; 0 while they come
        ("bypass", np.float64),
        ("bypass_target", np.float64),
        ("history_end", np.int64),  # frames ever written to the history
        ("hold_from", np.int64),  # history_end when the answers stopped
        ("dry_end", np.int64),  # frames ever written to the delay line
        ("history", np.float32, (2, HISTORY)),
        ("dry_line", np.float32, (2, 2 * MAX_LATENCY)),
        # Scratch.
        ("block", BLOCK_DTYPE, (1,)),
        ("event", EVENT_DTYPE, (1,)),
        ("frames", FRAME_DTYPE, (MAX_BLOCK_SIZE,)),
    ],
    align=True,
)
