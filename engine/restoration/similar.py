"""Where a sound was before as it is now: it may go on as it did then.

The newest `MATCH_SECONDS` are compared with all that is remembered, what is newer counting more, and the
place taken where the two are most alike but for their level. That alone proves little: a note is like any
other of its pitch, and is held for another time. What an autoregression leaves of both is alike only where
the very same is played again, as in loops and by samplers; so that says how far the place is trusted.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.jit import kernel, summing_kernel
from tsumami.engine.restoration.burg import burg

Samples = npt.NDArray[np.float64]

MEMORY_SECONDS: Final = 10.0
"""How far back a place may lie."""
MATCH_SECONDS: Final = 0.16
_NEAREST_SECONDS: Final = 0.08
"""A place is at least so old, so that it is known how it went on."""
_SEARCHED_HZ: Final = 5_500
"""Sample rate of the search, about; the place is then found to the sample."""
_JUDGED_HZ: Final = 11_000
_JUDGED_SECONDS: Final = 0.08
"""Of what the autoregression leaves, up to the two places."""
_ORDER: Final = 256
_CONTEXT: Final = 4096
_DOUBTED: Final = 0.25
"""Correlation of what is left, up to which a place is not trusted at all …"""
_TRUSTED: Final = 0.4
"""… and from which it is, as far as `_MOST`. All three were found on other music than the benchmark's."""
_MOST: Final = 0.85
_FLOOR: Final = 1e-3
"""Power that is taken to be in a place, as a share of the newest sound's: a quiet one is not made loud."""
_LOUDEST: Final = 1.5


@dataclass(frozen=True, slots=True)
class Match:
    """A place that is like the newest sound, ``lag`` samples before its end."""

    lag: int
    level: float
    """Of the newest sound, against the place's."""
    likeness: float
    """Correlation of what the autoregression leaves of both."""

    @property
    def trust(self) -> float:
        """How far it may be relied on that the very same is played again, 0 to `_MOST`."""
        share = (self.likeness - _DOUBTED) / (_TRUSTED - _DOUBTED)
        return _MOST * min(max(share, 0.0), 1.0)


def find_match(heard: Samples, sample_rate: float) -> Match | None:
    """The place in ``heard`` that is most like its end; None where there is too little to look in.

    Costs some milliseconds. For a thread that may allocate.
    """
    step = max(1, int(sample_rate / _SEARCHED_HZ))
    size = round(MATCH_SECONDS * sample_rate / step)
    past = _thinned(heard[-round(MEMORY_SECONDS * sample_rate) :], step)
    places = len(past) - size - round(_NEAREST_SECONDS * sample_rate / step)
    if places < size or not past[-size:].any():
        return None
    lag = step * (len(past) - size - _most_alike(past, size, places))
    lag, level = _found(heard, lag, step, size * step)
    return Match(lag, level, _correlation_left(heard, lag, sample_rate))


@summing_kernel
def _thinned(x: Samples, step: int) -> Samples:
    """Sums of ``step`` samples each, up to the last."""
    sums = np.zeros(len(x) // step)
    skipped = len(x) % step
    for i in range(len(sums)):
        for j in range(step):
            sums[i] += x[skipped + i * step + j]
    return sums


def _most_alike(past: Samples, size: int, places: int) -> int:
    """Of the first ``places`` of ``past``, where ``size`` samples begin that are most like its last."""
    newest, ramp = past[-size:], np.linspace(0.0, 1.0, size)
    fft_size = 1 << (len(past) - 1).bit_length()
    spectrum = np.fft.rfft(past, fft_size) * np.fft.rfft(ramp * newest, fft_size).conj()
    products = np.fft.irfft(spectrum, fft_size)[:places]
    return int(_largest(products, past, size, _FLOOR * float(ramp @ newest**2)))


@kernel
def _largest(products: Samples, past: Samples, size: int, floor: float) -> int:
    """Where a product is largest against the root of the place's ramped power and ``floor``."""
    power, ramped = 0.0, 0.0
    for i in range(size):
        power += past[i] ** 2
        ramped += past[i] ** 2 * i / (size - 1)
    best, found = -np.inf, 0
    for place in range(len(products)):
        likeness = products[place] / math.sqrt(max(ramped, 0.0) + floor)
        if likeness > best:
            best, found = likeness, place
        power -= past[place] ** 2
        ramped += past[place + size] ** 2 - power / (size - 1)
        power += past[place + size] ** 2
    return found


def _found(heard: Samples, lag: int, step: int, size: int) -> tuple[int, float]:
    """The lag less than ``step`` off ``lag`` where ``size`` samples are most alike, and the level there."""
    newest, ramp = heard[-size:], np.linspace(0.0, 1.0, size)
    weighted, floor = ramp * newest, _FLOOR * float(ramp @ newest**2)
    best = (-np.inf, lag, 0.0)
    for near in range(lag - step + 1, min(lag + step, len(heard) - size + 1)):
        place = heard[len(heard) - near - size : len(heard) - near]
        product, power = float(weighted @ place), float(ramp @ place**2) + floor
        best = max(best, (product / power**0.5, near, product / power))
    return best[1], min(max(best[2], 0.0), _LOUDEST)


def _correlation_left(heard: Samples, lag: int, sample_rate: float) -> float:
    """Of what an autoregression of the newest sound leaves of it and of the place; 0 where they are short."""
    step = max(1, int(sample_rate / _JUDGED_HZ))
    judged = _ORDER + round(_JUDGED_SECONDS * sample_rate / step)
    now = _thinned(heard[-_CONTEXT * step :], step)
    then = _thinned(heard[: len(heard) - lag][-judged * step :], step)
    if min(len(now), len(then)) < judged:
        return 0.0
    filter_ = np.concatenate([[1.0], -burg(now * np.linspace(0.0, 1.0, len(now)), _ORDER)])
    left, left_then = (np.convolve(x[-judged:], filter_, "valid") for x in (now, then))
    power = float(left @ left) * float(left_then @ left_then)
    return float(left @ left_then) / power**0.5 if power > 0.0 else 0.0
