"""The outline of a loop: how far it swings in each of its parts, for who draws it."""

from typing import Final

import numpy as np
import numpy.typing as npt

OUTLINE_POINTS: Final = 256
_FULL: Final = 127.0


def outline(loop: npt.NDArray[np.float32]) -> npt.NDArray[np.int8]:
    """Lowest and highest sample of each part of a loop ``[frames]``, int8 ``[2, OUTLINE_POINTS]``.

    127 is full scale. A loop has at least `OUTLINE_POINTS` frames.
    """
    parts = np.linspace(0, len(loop), OUTLINE_POINTS, endpoint=False).astype(np.intp)
    ends = np.stack([np.minimum.reduceat(loop, parts), np.maximum.reduceat(loop, parts)])
    return np.asarray(np.round(np.clip(ends, -1.0, 1.0) * _FULL), np.int8)
