"""The hit detector's one record, and the hits that it writes."""

from typing import Final

import numpy as np

LANES: Final = ("kick", "snare", "hat", "tom", "other")
"""A hit that is heard but belongs to none of the first four is ``other``; cymbals are in lane ``hat``."""
OTHER: Final = len(LANES) - 1

BANDS_HZ: Final = (50.0, 90.0, 150.0, 250.0, 450.0, 900.0, 1800.0, 3600.0, 7000.0, 12500.0)
BAND_ZEROS: Final = (0, 0, 0, 1, 1, 1, 1, 2, 2, 2)
"""How steeply each band falls towards 0 Hz: zeros that it has there."""
BAND_Q: Final = 1.2
BANDS: Final = len(BANDS_HZ)

FRAME_SECONDS: Final = 0.001
"""Length of a frame, rounded to whole samples: levels are taken and hits are looked for once in it."""
POOLS: Final = (1,) * 16 + (4, 8, 16, 20)
"""Frames that are averaged into each of the network's steps, from the newest back."""
HISTORY: Final = sum(POOLS)
STEPS: Final = len(POOLS)
INPUTS: Final = STEPS * BANDS
HIDDEN: Final = (96, 32)
OUTPUTS: Final = 2 * len(LANES)
"""A logit for each lane (for ``other``, that there is any hit), then how many frames the hit lies off."""

DELAY_FRAMES: Final = 5
"""The network says at frame n whether a hit began in frame n - 5."""
SCORES_KEPT: Final = 16
HITS_KEPT: Final = 512
"""More than there can be in a second."""

HIT_DTYPE = np.dtype(
    [
        (
            "sample",
            np.float64,
        ),  # when it was heard, a fraction of a sample exact, from the stream's beginning
        ("reported_sample", np.int64),  # samples that had come when it was reported
        ("lane", np.int64),  # index into LANES
        ("strength_db", np.float64),  # level of its attack in the lane's bands, 0 dB being full scale
        ("confidence", np.float64),  # 0-1
    ],
    align=True,
)

DETECTOR_DTYPE = np.dtype(
    [
        # Settings, fixed while active.
        ("hop", np.int64),  # samples of a frame
        ("loudest_fall_db", np.float64),  # per frame
        ("filters", np.float64, (BANDS, 5)),  # a pole, real and imaginary, a gain, two taps before it
        ("weights1", np.float32, (HIDDEN[0], INPUTS)),
        ("bias1", np.float32, (HIDDEN[0],)),
        ("weights2", np.float32, (HIDDEN[1], HIDDEN[0])),
        ("bias2", np.float32, (HIDDEN[1],)),
        ("weights3", np.float32, (OUTPUTS, HIDDEN[1])),
        ("bias3", np.float32, (OUTPUTS,)),
        ("thresholds", np.float64, (len(LANES),)),
        ("bias_frames", np.float64, (len(LANES),)),  # how late the network's times are
        ("lane_bands", np.float64, (len(LANES), BANDS)),  # which bands a lane's strength is measured in
        # What is carried from block to block.
        ("filled", np.int64),  # samples of the frame so far
        ("frame", np.int64),  # frames so far
        ("loudest_db", np.float64),  # of the frames so far, falling
        ("memory", np.float64, (BANDS, 6)),  # two resonators, real and imaginary, two samples
        ("energy", np.float64, (BANDS,)),  # of the frame so far
        ("levels", np.float32, (HISTORY, BANDS)),  # dB, by frame modulo its length
        ("inputs", np.float32, (INPUTS,)),
        ("hidden1", np.float32, (HIDDEN[0],)),
        ("hidden2", np.float32, (HIDDEN[1],)),
        ("scores", np.float64, (SCORES_KEPT, OUTPUTS)),  # by frame modulo its length
        ("last", np.int64, (len(LANES),)),  # frame of each lane's last hit
        ("unnamed", np.int64),  # frame of a hit whose lane is waited for; -1 where there is none
        ("hit_count", np.int64),  # hits so far
        ("hits", HIT_DTYPE, (HITS_KEPT,)),  # by number modulo its length
    ],
    align=True,
)
