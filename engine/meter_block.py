"""The meter block: what the engine counts and measures, readable by other processes at any time.

Each field has one writer thread, so nothing is locked; a reader may see values of adjacent blocks.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from tsumami.engine.loops.outline import OUTLINE_POINTS
from tsumami.engine.loops.player_state import SLOTS
from tsumami.engine.meters import BINS

MAX_PARAMETERS = 4096
MAX_MACROS = 16

STAGES = ("total", "events", "input", "instrument", "effects", "output")
"""The parts of a callback whose load is measured. The first is the whole."""

_HISTOGRAM = (np.int64, (BINS,))

METER_DTYPE = np.dtype(
    [
        # Written by the audio thread.
        ("sample", np.int64),  # frames since the session began
        ("blocks", np.int64),
        ("missed", np.int64),  # blocks the device reports (or the null clock finds) not delivered in time
        ("overruns", np.int64),  # blocks whose processing took longer than they last
        ("lost_periods", np.int64),  # block periods that passed without a block beginning
        ("blame", np.int64, (len(STAGES),)),  # overruns by the stage that took longest
        ("non_finite", np.int64),  # samples that were NaN or infinite and became silence
        ("clipped", np.int64),  # samples that the limiter held under the ceiling
        ("load", np.int64, (len(STAGES), BINS)),  # histograms of nanoseconds per block
        ("note_latency", *_HISTOGRAM),  # nanoseconds from arrival to the block that plays the event
        ("knob_latency", *_HISTOGRAM),
        ("note_applied_ns", np.int64),  # clock at the last block that applied a note from outside
        ("knob_applied_ns", np.int64),  # … a parameter moved by a knob
        ("device_latency_seconds", np.float64),  # from callback to converter, as the device states it
        ("peak_now", np.float64, (2,)),  # falling peak
        ("mean_square_now", np.float64, (2,)),  # over about 0.3 s
        ("peak", np.float64),  # highest of the session
        ("square_sum", np.float64),  # of all samples of both channels
        ("input_lost", np.int64),  # blocks of which the input was missing, in whole or in part
        ("input_starved", np.int64),  # … because the input's ring had too little
        ("input_overflows", np.int64),  # times the device discarded input
        ("input_peak_now", np.float64, (2,)),  # falling peak, before the input's stages
        ("input_peak", np.float64),
        ("parameters", np.float64, (MAX_PARAMETERS,)),  # last value applied, 0-1
        # Written by the inference thread.
        ("inference_steps", np.int64),
        ("late_inference", np.int64),
        ("inference_non_finite", np.int64),
        ("inference_load", *_HISTOGRAM),  # nanoseconds per decode
        ("set_latency", *_HISTOGRAM),  # nanoseconds from a knob's arrival to its parameters pushed
        ("knob_set_ns", np.int64),  # clock when the last knob's parameters were pushed
        ("macros", np.float64, (MAX_MACROS,)),  # where each macro stands, 0-1
        # Written by the thread beside the input's repair.
        ("repair_gaps", np.int64),  # stretches of the input that were lost
        ("repair_late", np.int64),  # … for which there was no plan in time
        ("repair_samples", np.int64),  # lost frames that were continued, not silent
        ("repair_longest_samples", np.int64),  # stretch
        ("repair_fits", np.int64),
        ("repair_fit_age_samples", np.int64),  # age of the fit that the last one took
        ("repair_load", *_HISTOGRAM),  # nanoseconds per fit of all channels
        ("repair_plans", np.int64),
        ("repair_plan_load", *_HISTOGRAM),  # nanoseconds per plan of a channel
        # Written by the thread beside the loop player.
        ("loop_seed", np.int64),  # of the loop that was made last
        ("loop_bpm", np.float64),
        ("loops_made", np.int64),
        ("loop_changes", np.int64),  # bar lines at which another loop began
        ("loop_load", *_HISTOGRAM),  # nanoseconds per loop
        ("loop_place", np.float64),  # how far the loop that sounds has come, 0-1
        ("loop_sounds", np.int64),  # slot of it
        ("loop_waits", np.int64),  # … and of the one that the next bar line takes; -1: there is none
        ("loop_slot_seeds", np.int64, (SLOTS,)),
        ("loop_slot_bars", np.int64, (SLOTS,)),
        ("loop_outlines", np.int8, (SLOTS, 2, OUTLINE_POINTS)),
        # Written by the engine's main thread.
        ("device_losses", np.int64),
        ("heartbeat_ns", np.int64),
    ],
    align=True,
)


class MeterBlock:
    """One record of counts and measures over a caller's buffer, shared or not."""

    def __init__(self, buffer: npt.NDArray[np.uint8], dtype: np.dtype[Any] = METER_DTYPE) -> None:
        self._record: Any = buffer.view(dtype)
        self.address: int = buffer.ctypes.data

    @classmethod
    def allocate(cls) -> "MeterBlock":
        """A zeroed block in this process's own memory."""
        return cls(np.zeros(METER_DTYPE.itemsize, np.uint8))

    def __getitem__(self, field: str) -> Any:
        """The present value of a field: a scalar, or a view for array fields."""
        return self._record[field][0]

    def __setitem__(self, field: str, value: Any) -> None:
        self._record[field][0] = value

    def release(self) -> None:
        """Let go of the buffer."""
        self._record = None
