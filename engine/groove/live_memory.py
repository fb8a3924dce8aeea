"""What the groove tap and the click share with the process that looks at them."""

from typing import ClassVar, Final

import numpy as np

from tsumami.engine.groove.hit_state import HIT_DTYPE
from tsumami.engine.shared import RingTable, SharedRings

HEARD_DTYPE = np.dtype(
    [
        ("sample", np.int64),  # of the groove's time line, the block's first
        ("frames", np.int64),
        ("ns", np.int64),  # the clock when the block was heard
    ]
)
"""A block that was heard; its samples are in the ring of audio."""

MONO_DTYPE: Final = np.dtype(np.float64)
"""A sample of the ring of audio; a ring's records are of whole 64-bit words."""

GROOVE_METERS = np.dtype(
    [
        # Written by the audio thread.
        (
            "sample",
            np.int64,
        ),  # of the time line, which goes on by the clock without an engine
        ("ns", np.int64),  # the clock at the beginning of the last block
        # Written by the main process.
        ("click_period", np.float64),  # samples from click to click; 0: no click
        ("click_first", np.float64),  # sample of the first
        ("click_bar", np.int64),  # clicks from accent to accent
    ],
    align=True,
)


class GrooveMemory(SharedRings):
    """A groove session's segment: where its time line stands, the click, and three rings to main."""

    METERS = GROOVE_METERS
    RINGS: ClassVar[RingTable] = {
        "hits": (HIT_DTYPE, 1 << 12),  # samples are those of the time line
        "heard": (HEARD_DTYPE, 1 << 14),  # pushed last: its samples are there
        "audio": (MONO_DTYPE, 1 << 18),  # 5.4 s at 48 kHz
    }
