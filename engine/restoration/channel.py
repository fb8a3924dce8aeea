"""One channel of a stream that is repaired: what was heard of it, and how a gap goes on from there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.restoration.bands import Bands
from tsumami.engine.restoration.burg import burg
from tsumami.engine.restoration.continuation import Continuation, Echo, mean_of
from tsumami.engine.restoration.mix import LEAST_SECONDS, Mix, Mixer, Weighing
from tsumami.engine.restoration.similar import MEMORY_SECONDS, Match, find_match

Samples = npt.NDArray[np.float64]

LOUDEST: Final = 2.0
"""Of a continuation, against what was heard just before the gap."""
PATIENCE: Final = 8
"""Searches in vain; after each one more, once there is as much to search as is remembered, …"""
REST: Final = 3
"""… so many gaps are let pass: where nothing is played again, searches cost little."""
_REFERENCE_SECONDS: Final = 0.03
_DOUBT_SECONDS: Final = 0.05
"""Gap for which the doubt of `interpolate` is 1. It grows with the square: short gaps change little."""


@dataclass(frozen=True, slots=True)
class Fit:
    """An autoregression: its order, and how many samples it is fitted to.

    The older a sample, the less it counts: the context is ramped from 0 to 1.
    """

    order: int
    context: int

    def coefficients(self, heard: Samples) -> Samples:
        """Those of what was heard last; of a lower order where that is little."""
        context = heard[-self.context :]
        order = min(self.order, len(context) // 3)
        ramp = np.linspace(0.0, 1.0, self.context)[self.context - len(context) :]
        return burg(context * ramp, order) if order else np.zeros(0)


class Channel:
    """What was heard, and its continuation in a gap: the mean of autoregressions, ``fits``.

    With ``is_searching``, what they cannot foresee is taken from where the sound was alike before; see
    `tsumami.engine.restoration.similar`. With a ``mixer``, which needs two ``fits``, these and a ``quick``
    one are mixed instead; see `tsumami.engine.restoration.mix`.
    """

    def __init__(
        self,
        fits: Sequence[Fit],
        sample_rate: float,
        *,
        is_searching: bool,
        quick: Fit | None = None,
        mixer: Mixer | None = None,
    ) -> None:
        self._fits, self._rate, self._is_searching = fits, sample_rate, is_searching
        self._quick, self._mixer, self._bands = quick, mixer, Bands(sample_rate)
        self._kept = max(fit.context for fit in fits)
        if is_searching:
            self._kept = max(self._kept, round(MEMORY_SECONDS * sample_rate))
        self._memory = np.zeros(self._kept + self._kept // 4)
        self._length = 0
        self._continuations: list[Continuation] = []
        self._match: Match | None = None
        self._echo: Echo | None = None
        self._mix: Mix | None = None
        self._in_vain = self._resting = 0
        self._reference = round(_REFERENCE_SECONDS * sample_rate)
        self._loudest = 0.0
        self._gain = 1.0

    @property
    def _heard(self) -> Samples:
        return self._memory[: self._length]

    def hear(self, samples: npt.NDArray[np.floating]) -> None:
        """Remember samples; those that are no numbers as silence."""
        samples = samples[-self._kept :]
        if self._length + len(samples) > len(self._memory):
            keep = min(self._kept, len(self._memory) - len(samples), self._length)
            self._memory[:keep] = self._memory[self._length - keep : self._length]
            self._length = keep
        end = self._length + len(samples)
        self._memory[self._length : end] = np.where(np.isfinite(samples), samples, 0.0)
        self._length = end

    def begin(self, *, is_mixed: bool = True) -> None:
        """A gap begins. Without ``is_mixed``, autoregressions and search do without the mixer."""
        heard = self._heard
        coefficients = [fit.coefficients(heard) for fit in self._fits]
        self._continuations = [Continuation(heard, each) for each in coefficients]
        match = self._search(heard)
        is_trusted = match is not None and match.trust > 0.0
        self._match = match if is_trusted else None
        self._echo = self._mix = None
        if match is not None and is_trusted:
            self._echo = Echo(heard[: len(heard) - match.lag], match.trust * match.level, coefficients)
        if is_mixed and self._mixer is not None and self._quick is not None and self._has(LEAST_SECONDS):
            short, long = coefficients
            three = short, long, self._quick.coefficients(heard)
            weighing = Weighing(self._mixer, self._bands, heard, three, match, self._rate)
            self._mix = Mix(weighing, self._bands)
        before = heard[-self._reference :]
        self._loudest = LOUDEST * float(np.sqrt(np.mean(before**2))) if len(before) else 0.0
        self._gain = 1.0

    def _has(self, seconds: float) -> bool:
        return self._length >= seconds * self._rate

    def _search(self, heard: Samples) -> Match | None:
        """Where the sound was alike, if that is looked for in this gap."""
        if not self._is_searching or self._resting > 0:
            self._resting -= 1
            return None
        match = find_match(heard, self._rate)
        is_found = match is not None and match.trust > 0.0
        self._in_vain = 0 if is_found else self._in_vain + 1
        may_rest = self._in_vain > PATIENCE and self._length >= self._kept
        self._resting = REST if may_rest else 0
        return match

    def go_on(self, frames: int) -> Samples:
        """The continuation, no louder than what was heard."""
        if self._mix is not None:
            guess = self._mix.go_on(frames)
        else:
            guess = mean_of(self._continuations, frames) + self._echo_of(frames)
        level = float(np.sqrt(np.mean(guess**2)))
        gain = min(1.0, self._loudest / level) if level > 0.0 else 1.0
        guess = guess * np.linspace(self._gain, gain, frames)
        self._gain = gain
        return guess

    def fill(self, frames: int, after: Samples) -> Samples:
        """The rest of a gap that ends where ``after`` begins."""
        size = frames + len(after)
        doubt = (frames / (_DOUBT_SECONDS * self._rate)) ** 2
        if self._mix is not None:
            ahead = self._mix.go_on(size)
            filled = [one.fill_near(after, ahead, doubt) for one in self._continuations]
        else:
            added = self._echo_of(size)
            filled = [one.fill(after, added, doubt) for one in self._continuations]
        return np.asarray(np.mean(filled, axis=0))

    def _echo_of(self, frames: int) -> Samples:
        if self._echo is None or self._match is None:
            return np.zeros(frames)
        begins = self._length - self._match.lag
        return self._echo.go_on(self._heard[begins:], frames)
