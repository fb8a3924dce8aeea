"""The repair stage's one record: the audio thread's state, and what it shares with the thread beside it."""

from typing import Final

import numpy as np

from tsumami.engine.restoration.mix_parts import PARTS
from tsumami.engine.stage import CHANNELS

CHUNK: Final = 32
"""Samples that are predicted at a time, counted from where the gap begins, so blocks make no difference."""
FITS: Final = 3
"""Autoregressions, in the order of `tsumami.engine.restoration.mix_parts`: the quick one last."""
ECHOING: Final = 2
"""The first of them, which also say what was to be expected of a place like the present."""
MAX_ORDER: Final = 1120
MAX_CONTEXT: Final = 12 * MAX_ORDER
HISTORY: Final = 1 << 19
"""Samples of each channel that are remembered: 10.9 s at 48 kHz."""
REACH: Final = 3 * CHUNK
"""Of a filter that weighs a part, to both sides."""
WINDOWS: Final = 7
"""Of a gap, which have weights of their own; after them those of the last go on."""

FIT_DTYPE = np.dtype(
    [
        ("sample", np.int64),  # where its context ended
        ("coefficients", np.float64, (CHANNELS, FITS, MAX_ORDER)),
    ]
)

PLAN_DTYPE = np.dtype(
    [
        ("sample", np.int64),  # up to which was heard what it was made from
        ("lag", np.int64, (CHANNELS,)),  # to a place like the present; 0 where there is none
        ("level", np.float64, (CHANNELS,)),  # of the present, against that place's
        # One side of the symmetrical filter that weighs a part, from its middle on.
        ("filters", np.float64, (CHANNELS, WINDOWS, PARTS, REACH + 1)),
    ]
)

REPAIR_DTYPE = np.dtype(
    [
        # Shared, each on a cache line of its own.
        ("sample", np.int64),  # frames that the history has, up to the last block
        ("unused_after_sample", np.int64, (7,)),
        ("middle", np.int64),  # the fits that nobody holds: their slot, and whether they are new
        ("unused_after_middle", np.int64, (7,)),
        ("plan_middle", np.int64),  # the plan that nobody holds, likewise
        ("unused_after_plan_middle", np.int64, (7,)),
        # Settings, fixed while active.
        ("orders", np.int64, (FITS,)),
        ("contexts", np.int64, (FITS,)),  # samples
        ("crossfade", np.int64),  # samples
        ("sample_rate", np.float64),
        ("hold_wanted", np.int64),  # as `hold`, of the next gap
        ("is_off", np.int64),  # whether what is missing stays as it came
        ("hold", np.int64),  # samples of a gap before it fades …
        ("fade", np.int64),  # … within so many more
        ("smoothing", np.float64),  # one-pole coefficient of the levels, per sample
        ("peak_fall", np.float64),  # per sample
        ("oldest", np.int64),  # age of a fit, in samples, from which a new one waits for no crossfade
        ("latest", np.int64),  # age of a plan, in samples, from which it comes too late for a gap
        ("hop", np.int64),  # samples between two windows
        ("joint", np.int64),  # samples in which a gap goes over to its weights
        # The audio thread's.
        ("now", np.int64),  # frames so far
        ("held", np.int64),  # slot of the fits in use
        ("plan_held", np.int64),  # slot of the plan in use
        ("is_planned", np.int64),  # whether the gap goes by it
        ("has_heard", np.int64),  # whether what is missing counts as lost
        ("gap", np.int64),  # frames since it began, its crossfade with them; 0 outside
        ("begun", np.float64),  # how loud the gap's past is, where it is a continuation that has faded
        ("began", np.int64),  # sample at which the gap's continuation begins
        ("ahead", np.int64),  # samples from there that are predicted
        ("mixed_until", np.int64),  # … of which the next chunk is mixed
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
        ("late", np.int64),  # gaps for which there was no plan in time
        ("repaired", np.int64),  # lost frames that were continued, not silent
        ("longest", np.int64),  # gap, in lost frames
        ("filter", np.float64, (REACH + 1,)),  # of the chunk
        ("chunk", np.float64, (CHANNELS, CHUNK)),  # of the continuation
        # A past, and a chunk that continues it: of the gap, and of the place that it is like.
        ("lines", np.float64, (CHANNELS, FITS + ECHOING, CHUNK + MAX_ORDER)),
        ("parts", np.float64, (CHANNELS, PARTS, REACH + CHUNK + REACH)),  # around the chunk
        # The thread's beside it.
        ("filled", np.int64),  # slot of the fits that it writes
        ("plan_filled", np.int64),  # … and of the plan
        ("fitted", np.int64),  # sample at which the last fits' context ended
        ("noise", np.float64, (MAX_CONTEXT,)),
        ("work", np.float64, (CHANNELS, MAX_CONTEXT)),
        ("newest", np.float64, (CHANNELS, FITS, MAX_ORDER)),  # coefficients of the last fits
        # Who holds a slot has it alone.
        ("fits", FIT_DTYPE, (3,)),
        ("plans", PLAN_DTYPE, (3,)),
        ("history", np.float64, (CHANNELS, HISTORY)),  # what was played, by sample modulo its length
    ],
    align=True,
)


def offset_of(name: str) -> int:
    """Bytes from the record's address to a field."""
    return next(place[1] for field, place in (REPAIR_DTYPE.fields or {}).items() if field == name)
