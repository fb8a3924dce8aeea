"""The repair stage's one record: the audio thread's state, and what it shares with the fitting thread."""

from typing import Final

import numpy as np

from tsumami.engine.stage import CHANNELS

CHUNK: Final = 32
"""Samples that are predicted at a time, counted from where the gap begins, so blocks make no difference."""
MAX_ORDER: Final = 1024
MAX_CONTEXT: Final = 12 * MAX_ORDER
HISTORY: Final = 1 << 15
"""Samples of each channel that are remembered: a fit's context, and time to copy it."""

FIT_DTYPE = np.dtype(
    [
        ("sample", np.int64),  # where its context ended
        ("coefficients", np.float64, (CHANNELS, MAX_ORDER)),
    ]
)

REPAIR_DTYPE = np.dtype(
    [
        # Shared, each on a cache line of its own.
        ("sample", np.int64),  # frames that the history has, up to the last block
        ("unused_after_sample", np.int64, (7,)),
        ("middle", np.int64),  # the fit that nobody holds: its slot, and whether it is new
        ("unused_after_middle", np.int64, (7,)),
        # Settings, fixed while active.
        ("order", np.int64),
        ("context", np.int64),  # samples
        ("crossfade", np.int64),  # samples
        ("hold", np.int64),  # samples of a gap before it fades …
        ("fade", np.int64),  # … within so many more
        ("smoothing", np.float64),  # one-pole coefficient of the levels, per sample
        ("peak_fall", np.float64),  # per sample
        ("oldest", np.int64),  # age of a fit, in samples, from which a new one waits for no crossfade
        # The audio thread's.
        ("now", np.int64),  # frames so far
        ("held", np.int64),  # slot of the fit in use
        ("has_heard", np.int64),  # whether what is missing counts as lost
        ("gap", np.int64),  # frames since it began, its crossfade with them; 0 outside
        ("begun", np.float64),  # how loud the gap's past is, where it is a continuation that has faded
        ("run", np.int64),  # frames lost without a break
        ("mixed", np.int64),  # frames of truth since they were lost
        ("next", np.int64),  # place in the chunk
        ("lost_until", np.int64),  # sample after the last that was lost
        ("fit_age", np.int64),  # samples from its context to the gap that took it last
        ("power", np.float64, (CHANNELS,)),  # of the truth
        ("peak", np.float64, (CHANNELS,)),  # of the truth, falling
        ("level", np.float64, (CHANNELS,)),  # power of the continuation, before it is bounded
        ("guess", np.float64, (CHANNELS,)),  # the continuation's frame
        ("gaps", np.int64),
        ("repaired", np.int64),  # lost frames that were continued, not silent
        ("longest", np.int64),  # gap, in lost frames
        # The fitting thread's.
        ("filled", np.int64),  # slot that it writes
        ("fitted", np.int64),  # sample at which the last fit's context ended
        ("noise", np.float64, (MAX_CONTEXT,)),
        ("work", np.float64, (CHANNELS, MAX_CONTEXT)),
        # Who holds a slot has it alone.
        ("fits", FIT_DTYPE, (3,)),
        ("history", np.float64, (CHANNELS, HISTORY)),  # what was played, by sample modulo its length
        ("line", np.float64, (CHANNELS, CHUNK + MAX_ORDER)),  # a past, and a chunk that continues it
    ],
    align=True,
)


def offset_of(name: str) -> int:
    """Bytes from the record's address to a field."""
    return next(place[1] for field, place in (REPAIR_DTYPE.fields or {}).items() if field == name)
