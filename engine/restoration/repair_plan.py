"""Plans for the next gap of a live stream, made while there is none.

A plan says for each channel where the sound was before as it is now, and what each part of a continuation is
worth in each band, window by window: `tsumami.engine.restoration.mix` weighs a gap that would begin now. What
the audio thread gets are filters, by which it need not know of bands.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.restoration.bands import BANDS, EDGES_HZ, Bands
from tsumami.engine.restoration.mix import LEAST_SECONDS, Mixer, Weighing, plain_weights
from tsumami.engine.restoration.mix_parts import PARTS
from tsumami.engine.restoration.repair_fit import copy_newest
from tsumami.engine.restoration.repair_slots import PLANS_BETWEEN, hand_over
from tsumami.engine.restoration.repair_state import FITS, HISTORY, PLAN_DTYPE, REACH, WINDOWS
from tsumami.engine.restoration.similar import MEMORY_SECONDS, Match, find_match
from tsumami.engine.stage import CHANNELS
from tsumami.engine.strip.state import MAX_BLOCK_SIZE

Samples = npt.NDArray[np.float64]

_SPARE: Final = 4 * MAX_BLOCK_SIZE
"""Of the history, which may be overwritten before a gap has been played by the plan."""


class Planner:
    """Makes the plans of a `REPAIR_DTYPE` record. For the one thread that also makes its fits.

    Without a ``mixer`` the weights are the plain ones.
    """

    def __init__(self, record: npt.NDArray[np.void], mixer: Mixer | None, sample_rate: float) -> None:
        self._record, self._mixer, self._rate = record, mixer, sample_rate
        self._address = int(record.ctypes.data)
        self._bands = Bands(sample_rate)
        self._taps = _taps(sample_rate)
        self._heard = np.zeros(min(round(MEMORY_SECONDS * sample_rate), HISTORY - _SPARE))
        self._plan = np.zeros(1, PLAN_DTYPE)
        self._heard_until = np.zeros(CHANNELS, np.int64)
        self._turn = 0

    def warm_up(self) -> None:
        """Compile what is needed."""
        noise = np.random.default_rng(0).standard_normal(round(self._rate))
        self._weights(0, noise, find_match(noise, self._rate))

    def forget(self) -> None:
        """What was planned is of another sound."""
        self._heard_until[:] = 0
        self._hand_over()

    def plan(self) -> bool:
        """Plan for one channel, in turns, and hand the plan over; False where nothing was heard as yet."""
        channel, self._turn = self._turn, (self._turn + 1) % CHANNELS
        sample = copy_newest(self._address, channel, self._heard)
        if sample <= 0:
            return False
        heard = self._heard[max(len(self._heard) - sample, 0) :]
        match = find_match(heard, self._rate)
        match = match if match is not None and match.trust > 0.0 else None
        weights = self._weights(channel, heard, match)
        planned = slice(None) if self._is_mono() else channel
        self._plan["lag"][0, planned] = match.lag if match else 0
        self._plan["level"][0, planned] = match.level if match else 0.0
        self._plan["filters"][0, planned] = weights @ self._taps
        self._heard_until[planned] = sample
        self._hand_over()
        return True

    def _weights(self, channel: int, heard: Samples, match: Match | None) -> Samples:
        """Of a gap that would begin now, ``[WINDOWS, PARTS, BANDS]``."""
        if self._mixer is None or len(heard) < LEAST_SECONDS * self._rate:
            return np.broadcast_to(plain_weights(match)[None, :, None], (WINDOWS, PARTS, BANDS))
        newest, orders = self._state("newest")[channel], self._state("orders")
        short, long, quick = (newest[number, : orders[number]].copy() for number in range(FITS))
        weighing = Weighing(self._mixer, self._bands, heard, (short, long, quick), match, self._rate)
        return np.array([weighing.next_window()[0] for _ in range(WINDOWS)])

    def _is_mono(self) -> bool:
        left, right = self._state("newest")
        return bool((left == right).all())

    def _hand_over(self) -> None:
        filled = self._state("plan_filled")
        self._plan["sample"] = self._heard_until.min()
        self._record["plans"][0, filled] = self._plan[0]
        self._record["plan_filled"] = hand_over(self._address + PLANS_BETWEEN, filled)

    def _state(self, field: str) -> Any:
        return self._record[field][0]


def _taps(sample_rate: float) -> Samples:
    """One side of the zero-phase filter that lets each band through, ``[BANDS, REACH + 1]``; in sum, all."""
    edges = np.minimum([0.0, *EDGES_HZ, sample_rate], sample_rate / 2) / sample_rate
    reach = np.arange(REACH + 1)
    ideal = 2 * edges[:, None] * np.sinc(2 * edges[:, None] * reach)
    return np.asarray(np.diff(ideal, axis=0) * (0.5 + 0.5 * np.cos(np.pi * reach / (REACH + 1))))
