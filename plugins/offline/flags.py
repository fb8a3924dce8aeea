"""What there is to say against a render, as bits."""

from collections.abc import Iterable, Mapping, Sequence
from enum import IntFlag
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.plugins.offline.messages import Failed, Rendered

SILENT_PEAK: Final = 1e-3
"""A sound that never passes -60 dBFS is silent."""
CLIPPED_PEAK: Final = 1.0


class Flag(IntFlag):
    """Bits of a patch's flags; 0 is a sound with nothing to be said against it."""

    SILENT = 1  # no sample of any channel passes -60 dBFS
    CLIPPED = 2  # a sample of some channel reaches full scale
    SAME_PARAMETERS = 4  # an earlier patch has the same parameters and state
    SAME_AUDIO = 8  # an earlier patch, not silent, has the same samples
    CRASHED = 16  # the plugin died of it, twice; no sound
    HUNG = 32  # it took longer than the time limit; no sound
    REFUSED = 64  # the plugin would not take it; no sound
    NOT_FINITE = 128  # there was a sample that is no number; no sound
    PENDING = 0x8000  # not rendered yet


NO_SOUND: Final = Flag.CRASHED | Flag.HUNG | Flag.REFUSED | Flag.NOT_FINITE
DUPLICATE: Final = Flag.SAME_PARAMETERS | Flag.SAME_AUDIO

_FAILURES: Final[Mapping[str, Flag]] = {
    "crashed": Flag.CRASHED,
    "hung": Flag.HUNG,
    "refused": Flag.REFUSED,
}


def flag_of(result: Rendered | Failed) -> Flag:
    """What one render shows by itself."""
    if isinstance(result, Failed):
        return _FAILURES[result.why]
    if np.isnan(result.peak):
        return Flag.NOT_FINITE
    if result.peak < SILENT_PEAK:
        return Flag.SILENT
    return Flag.CLIPPED if result.peak >= CLIPPED_PEAK else Flag(0)


def first_rows(keys: Iterable[object]) -> npt.NDArray[np.int32]:
    """For each key the row of its first occurrence, int32 ``[n]``."""
    firsts: dict[object, int] = {}
    return np.array([firsts.setdefault(key, row) for row, key in enumerate(keys)], np.int32)


def mark_duplicates(
    flags: npt.NDArray[np.uint16], sounds: Sequence[object], hashes: npt.NDArray[np.uint64]
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int32]]:
    """Flags with the duplicates marked, and the earlier patch that each is the same as, -1 for none.

    ``sounds`` are keys of the patches' parameters, ``hashes`` of their audio. A silent patch or one
    without a sound is not compared by its audio.
    """
    rows = np.arange(len(flags), dtype=np.int32)
    by_parameters = first_rows(sounds)
    is_heard = (flags & np.uint16(NO_SOUND | Flag.SILENT)) == 0
    by_audio = first_rows(
        (True, int(key)) if heard else (False, row)
        for row, (heard, key) in enumerate(zip(is_heard, hashes, strict=True))
    )
    marked = flags & np.uint16(0xFFFF ^ DUPLICATE)
    marked[by_parameters != rows] |= np.uint16(Flag.SAME_PARAMETERS)
    marked[by_audio != rows] |= np.uint16(Flag.SAME_AUDIO)
    earlier = np.where(by_parameters != rows, by_parameters, np.where(by_audio != rows, by_audio, -1))
    return marked, earlier.astype(np.int32)


def count_flags(flags: npt.NDArray[np.uint16]) -> dict[str, int]:
    """How many patches have each flag, by its name in small letters."""
    return {
        str(flag.name).lower(): int(np.count_nonzero(flags & np.uint16(flag)))
        for flag in Flag
        if flag is not Flag.PENDING
    }
