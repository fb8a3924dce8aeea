"""A clip whose packets are lost, as a method plays it, and how far that is from the truth."""

from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.bridge.bench.concealers import Conceals

Audio = npt.NDArray[np.float32]
Lost = npt.NDArray[np.bool_]

_QUIET: Final = 1e-12
"""Energy that is taken to be in everything."""


def conceal(clip: Audio, lost: Lost, method: Conceals, packet: int, delay: int = 0) -> Audio:
    """What ``method``, ``delay`` packets late, plays of a clip ``[frames, 1]``: ``[len(lost) * packet]``."""
    nothing = np.zeros((packet, 1), np.float32)
    blocks = clip[: len(lost) * packet].reshape(len(lost), packet, 1)
    stream = [*zip(blocks, lost.tolist(), strict=True), *[(nothing, True)] * delay]
    played = [method.process(nothing if is_lost else block, is_lost) for block, is_lost in stream]
    return np.concatenate(played[delay:])[:, 0]


def relative_db(error: Audio, truth: Audio) -> float:
    """Energy of an error against the truth's."""
    energies = [float(np.square(signal, dtype=np.float64).sum()) + _QUIET for signal in (error, truth)]
    return float(10.0 * np.log10(energies[0] / energies[1]))
