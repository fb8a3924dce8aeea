"""The strip's one record of state: everything the audio thread touches stands here."""

import numpy as np

from tsumami.engine.events import EVENT_DTYPE
from tsumami.engine.strip.input_ring import INPUT_DTYPE

MAX_BLOCK_SIZE = 8192
MAX_BLOCK_EVENTS = 1024
"""Events that one block can apply; more stay in their ring for the next block."""
MAX_BLOCK_LOSSES = 64
"""Stretches of lost input that one block tells apart."""
MAX_EFFECTS = 8
"""Stages between the instrument and the output."""
MAX_INPUT_STAGES = 8
"""Stages between the input and the mix."""

STRIP_DTYPE = np.dtype(
    [
        ("stop", np.int64),  # first, so that its address is the strip's: ends the null device's loop
        ("recording", np.int64),  # whether output goes to the recording ring
        # Addresses, fixed while active.
        ("instrument_process", np.int64),
        ("instrument_state", np.int64),
        ("effect_process", np.int64, (MAX_EFFECTS,)),
        ("effect_state", np.int64, (MAX_EFFECTS,)),
        ("effect_count", np.int64),
        ("input_process", np.int64, (MAX_INPUT_STAGES,)),
        ("input_state", np.int64, (MAX_INPUT_STAGES,)),
        ("input_stage_count", np.int64),
        ("input_ring", np.int64),  # where the input comes from a ring
        ("control_ring", np.int64),
        ("parameter_ring", np.int64),
        ("applied_ring", np.int64),
        ("recording_ring", np.int64),
        ("scope_ring", np.int64),  # for who looks at the output; 0 where nobody does
        ("meters", np.int64),
        # Settings, fixed while active.
        ("sample_rate", np.float64),
        ("block_size", np.int64),
        ("gate_step", np.float64),  # per sample, while the gate closes or opens
        ("longest_shut", np.int64),  # samples
        ("gain_smoothing", np.float64),  # one-pole coefficients per sample
        ("release", np.float64),
        ("ceiling", np.float64),  # linear
        ("meter_fall", np.float64),  # per sample
        ("input_channels", np.int64),  # of the device's samples; 0 where the strip has no input
        ("input_gain", np.float64),  # linear
        ("input_monitored", np.int64),  # whether the input goes to the mix
        ("input_searched", np.int64),  # whether losses that a device does not tell of are looked for
        ("input_longest", np.int64),  # frames of zeros that are one
        # What changes.
        ("sample", np.int64),
        ("gain", np.float64),
        ("gain_target", np.float64),
        ("reduction", np.float64),  # gain of the limiter, 0-1
        ("opening", np.float64),  # gain of the gate that a panic closes, 0-1
        ("shut", np.int64),  # samples for which it is still to be closed
        ("began_ns", np.int64),  # start of the previous block
        ("input_lost", np.int64),  # frames from here that the device has lost
        ("input_has_begun", np.int64),  # whether what is missing counts as lost
        ("input_untold", np.int64),  # frames lost in a row that nobody told of
        ("input_edge", np.float64),  # how loud the last block that was not lost ended
        ("input_before_frames", np.int64),
        ("input_before", np.float32, (2 * MAX_BLOCK_SIZE,)),  # that block, planar
        # Scratch.
        ("event_count", np.int64),
        ("incoming", EVENT_DTYPE, (MAX_BLOCK_EVENTS,)),
        ("events", EVENT_DTYPE, (MAX_BLOCK_EVENTS,)),
        ("input_event_count", np.int64),
        ("input_events", EVENT_DTYPE, (MAX_BLOCK_LOSSES + MAX_BLOCK_EVENTS,)),
        ("input_frames", INPUT_DTYPE, (MAX_BLOCK_SIZE,)),  # what the input's ring gave
        ("silence", np.float32, (2 * MAX_BLOCK_SIZE,)),  # what an instrument hears
        ("audio_in", np.float32, (2 * MAX_BLOCK_SIZE,)),  # planar: left frames, then right frames
        ("audio_out", np.float32, (2 * MAX_BLOCK_SIZE,)),
        ("audio_between", np.float32, (2 * MAX_BLOCK_SIZE,)),  # a stage's input, while a chain runs
    ],
    align=True,
)
