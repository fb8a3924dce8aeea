"""The ring through which another thread or process feeds the strip's input, frame by frame.

Each frame says whether it was lost on its way, so packets of any length meet blocks of any size. The audio
thread takes what is there; what is missing of a block counts as lost too. Its fill is the jitter buffer's
depth, which whoever pushes must keep: frames that come after the block that missed them are played late.
"""

import numpy as np
import numpy.typing as npt

INPUT_DTYPE = np.dtype([("left", np.float32), ("right", np.float32), ("is_lost", np.int64)])
"""One frame of the input, 16 bytes. ``is_lost`` is 0 or 1; the samples of a lost one are a stand-in."""

INPUT_CAPACITY = 1 << 15
"""Frames that the ring holds: 0.68 s at 48 kHz."""


def input_frames(samples: npt.NDArray[np.float32], *, is_lost: bool = False) -> npt.NDArray[np.void]:
    """Records to push for samples float32 ``[frames, 1 or 2]``; mono goes to both sides."""
    records = np.empty(len(samples), INPUT_DTYPE)
    records["left"], records["right"] = samples[:, 0], samples[:, -1]
    records["is_lost"] = is_lost
    return records
