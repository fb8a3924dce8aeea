"""The loop player's one record of state: everything its audio thread touches stands here."""

from typing import Final

import numpy as np

from tsumami.engine.events import EVENT_DTYPE

SLOTS: Final = 3
"""Of loops: the audio thread has one, the thread that makes them fills one, and one lies in between."""
MOST_FADE: Final = 1 << 13

PLAYER_DTYPE: Final = np.dtype(
    [
        # Addresses and settings, fixed while active.
        ("sounds", np.int64),  # float32 [SLOTS, most]
        ("most", np.int64),  # frames of a loop
        ("asked_ring", np.int64),  # events for the thread that makes loops
        ("sample_rate", np.float64),
        ("smoothing", np.float64),  # of levels, one-pole coefficient per sample
        ("fade", np.int64),  # frames of the crossfade
        # Between the threads.
        ("middle", np.int64),  # a slot, and whether it is new
        # The audio thread's.
        ("held", np.int64),  # the slot that plays
        ("place", np.int64),  # frame of it that comes next
        ("level", np.float64),
        ("level_target", np.float64),
        ("muted", np.int64),
        ("beside", np.float64),  # gain of what passes, 0 while the loop is alone
        ("beside_target", np.float64),
        ("tail_left", np.int64),  # frames that the loop before still fades
        ("tail_sound", np.float32, (MOST_FADE,)),  # it, as it goes on and fades
        ("bar_in", np.int64),  # frames until a bar of the outer clock begins; -1: none is known
        ("changes", np.int64),  # bar lines at which another loop began
        # The thread's that makes loops.
        ("filled", np.int64),
        ("made", np.int64),
        # Who holds a slot has these of it alone.
        ("length", np.int64, (SLOTS,)),
        ("bars", np.int64, (SLOTS,)),
        # Scratch.
        ("ask", EVENT_DTYPE, (1,)),
    ],
    align=True,
)
