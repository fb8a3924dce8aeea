"""Long bursts, in which concealment has to fade: no click at either end, and no louder than is worth it."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.bridge.bench.concealing import Audio, conceal, relative_db
from tsumami.bridge.bench.report import Row
from tsumami.engine.restoration import Concealer
from tsumami.engine.restoration.mix import Mixer

RATE: Final = 48_000
PACKET: Final = 480
_SHORTEST, _LONGEST = 2, 32
"""Packets of a burst: 20 to 320 ms."""
_KEPT: Final = 25
"""Packets before each burst, at least, and …"""
_SOMETIMES_KEPT: Final = 25
"""… at most so many more."""
_USUAL: Final = 99.9
"""Percentile of the steps from sample to sample of a clip."""


def burst_rows(clips: Sequence[Audio], mixer: Mixer | None = None) -> Iterator[Row]:
    """Conceal seeded bursts of ``clips`` ``[frames, 1]`` at `RATE`.

    A joint is from the last sample before a burst to the first in it, and from the last in it to the first
    after. Steps are told as a share of that which 99.9 % of the clip's own do not pass.
    """
    shares, own, gains = [], [], []
    for seed, clip in enumerate(clips):
        lost = _bursts(len(clip) // PACKET, seed)
        truth = clip[: len(lost) * PACKET, 0]
        played = conceal(clip, lost, Concealer(1, RATE, PACKET, mixer=mixer), PACKET)
        usual = np.percentile(np.abs(np.diff(truth)), _USUAL)
        joints = np.flatnonzero(np.diff(lost)) * PACKET + PACKET - 1
        shares.append(np.abs(np.diff(played)[joints]).max() / usual)
        own.append(np.abs(np.diff(truth)[joints]).max() / usual)
        gone = np.repeat(lost, PACKET)
        gains.append(-relative_db(played[gone] - truth[gone], truth[gone]))
    what = f"bursts of {_SHORTEST * 10}-{_LONGEST * 10} ms"
    yield Row.lower_is_better(
        f"{what}: largest step at a joint", float(max(shares)), "p99.9", "the music there", float(max(own))
    )
    yield Row(f"{what}: SDR, worst clip", float(min(gains)), "dB above zero-fill")
    yield Row(f"{what}: SDR, mean", float(np.mean(gains)), "dB above zero-fill")


def _bursts(packets: int, seed: int) -> npt.NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    lost = np.zeros(packets, bool)
    at = 2 * _KEPT
    while (end := at + int(rng.integers(_SHORTEST, _LONGEST + 1))) + _KEPT < packets:
        lost[at:end] = True
        at = end + _KEPT + int(rng.integers(0, _SOMETIMES_KEPT + 1))
    return lost
