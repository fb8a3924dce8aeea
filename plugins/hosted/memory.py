"""What the audio thread, a plugin's process and its supervisor share.

The audio thread asks for blocks and takes answers; neither side waits for the other. An answer says which
samples it is, so one that comes late is known to be late, and nothing drifts.
"""

from typing import ClassVar

import numpy as np

from tsumami.engine.events import EVENT_DTYPE
from tsumami.engine.meter_block import MAX_PARAMETERS
from tsumami.engine.meters import BINS
from tsumami.engine.shared import FRAME_DTYPE, RingTable, SharedRings

BLOCK_DTYPE = np.dtype(
    [
        ("position", np.int64),  # first frame, counted by the stage
        ("frames", np.int64),
        ("generation", np.int64),  # of an answer: which process of this plugin gave it
    ]
)
"""A request for a block, or the answer to one; its samples and events are in rings of their own."""

HOSTED_METERS = np.dtype(
    [
        # Written by the audio thread.
        ("asked", np.int64),  # position up to which blocks were asked for
        ("late", np.int64),  # blocks replaced because their answer was not there in time
        ("refused", np.int64),  # answers that held NaN, infinity or more than +24 dBFS
        ("refused_generation", np.int64),  # the process whose answers count no more
        ("lost_events", np.int64),  # events that the plugin will never see
        # Written by the plugin's process.
        ("answered", np.int64),  # position up to which blocks were answered or skipped
        ("heartbeat_ns", np.int64),  # when it last turned to its rings
        ("is_loading", np.int64),  # it takes a state or a preset just now, and does not answer
        ("loads", np.int64),  # sounds that it was told to load and has taken or refused
        ("blocks", np.int64),
        ("skipped", np.int64),  # blocks passed over to catch up
        ("load", np.int64, (BINS,)),  # histogram of nanoseconds per block
        ("edits", np.int64),  # grows with every change of a parameter or the state
        ("values", np.float32, (MAX_PARAMETERS,)),  # present positions of the parameters
        # Written by the supervisor.
        ("is_up", np.int64),  # a process is there and should answer
    ],
    align=True,
)


class HostedMemory(SharedRings):
    """One plugin's segment: its meters and five rings."""

    METERS = HOSTED_METERS
    RINGS: ClassVar[RingTable] = {
        # audio thread -> plugin
        "events": (EVENT_DTYPE, 4096),  # times are positions of frames
        "input": (FRAME_DTYPE, 1 << 16),  # of effects
        "requests": (BLOCK_DTYPE, 1 << 12),  # pushed last: all that belongs to it is there
        # plugin -> audio thread
        "output": (FRAME_DTYPE, 1 << 16),
        "answers": (BLOCK_DTYPE, 1 << 12),
    }
