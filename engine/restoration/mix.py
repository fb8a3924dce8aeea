"""A continuation mixed of parts, by weights for each band and hop."""

from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from tsumami.engine.restoration.bands import HOP_SECONDS, Bands, Spectra
from tsumami.engine.restoration.mix_features import HELD_HOPS, Evidence, Features
from tsumami.engine.restoration.mix_parts import PARTS, Parts
from tsumami.engine.restoration.similar import Match

Samples = npt.NDArray[np.float64]

JOINT_SECONDS: Final = 0.001
"""In which a gap goes over to its weights; at once, they would make a step."""
LEAST_SECONDS: Final = 0.25
"""Of sound before a gap, without which nothing is mixed."""


class Mixer(Protocol):
    """Something that weighs the parts of a continuation."""

    def weigh(self, features: Features, spectra: Spectra, plain: Samples) -> Samples:
        """Weights ``[PARTS, BANDS]`` for a window of a gap.

        ``features`` are those of `tsumami.engine.restoration.mix_features`, ``spectra`` ``[PARTS, bins]`` the
        parts', and ``plain`` ``[PARTS]`` the weights without a mixer.
        """
        ...


class Weighing:
    """The weighed parts of one gap, window by window; they begin at the end of what was ``heard``."""

    def __init__(
        self,
        mixer: Mixer,
        bands: Bands,
        heard: Samples,
        coefficients: tuple[Samples, Samples, Samples],
        match: Match | None,
        sample_rate: float,
    ) -> None:
        self._mixer, self._bands = mixer, bands
        held = Parts(heard, len(heard) - HELD_HOPS * bands.hop, coefficients, None, sample_rate)
        self._evidence = Evidence(bands, heard, held, match)
        self._parts = Parts(heard, len(heard), coefficients, match, sample_rate)
        self._plain = plain_weights(match)
        self._newest = np.zeros((PARTS, bands.hop))
        self._number = 0

    @property
    def unweighed(self) -> Samples:
        """The newest hop by the plain weights."""
        return np.asarray(self._plain @ self._newest)

    def next_window(self) -> tuple[Samples, Spectra]:
        """Weights ``[PARTS, BANDS]`` and the parts' spectra; the first window has silence before the gap."""
        parts = self._parts.go_on(self._bands.hop)
        spectra = self._bands.spectra(np.concatenate([self._newest, parts], axis=1))[:, 0]
        features = self._evidence.of_hop(self._number, spectra)
        self._newest = parts
        self._number += 1
        return self._mixer.weigh(features, spectra, self._plain), spectra


def plain_weights(match: Match | None) -> Samples:
    """Those without a mixer, ``[PARTS]``: the mean of the autoregressions, and the echo as far as trusted."""
    return np.array([1.0, 0.0, 0.0, match.trust if match else 0.0])


class Mix:
    """One gap's continuation.

    The weighed windows, of two hops from where the gap begins on, are put together again: what comes out does
    not depend on how many samples are asked for at a time. It begins unweighed.
    """

    def __init__(self, weighing: Weighing, bands: Bands) -> None:
        self._weighing, self._bands = weighing, bands
        self._overlap: Samples = self._window()[bands.hop :]
        begun = weighing.unweighed
        share = np.minimum(np.arange(bands.hop) * HOP_SECONDS / (bands.hop * JOINT_SECONDS), 1.0)
        begin, end = np.split(self._window(), 2)
        self._ready: Samples = share * (self._overlap + begin) + (1.0 - share) * begun
        self._overlap = end

    def go_on(self, frames: int) -> Samples:
        """The next samples."""
        while len(self._ready) < frames:
            begin, end = np.split(self._window(), 2)
            self._ready = np.concatenate([self._ready, self._overlap + begin])
            self._overlap = end
        output, self._ready = self._ready[:frames], self._ready[frames:]
        return output

    def _window(self) -> Samples:
        weights, spectra = self._weighing.next_window()
        return self._bands.samples((weights[:, self._bands.numbers] * spectra).sum(axis=0))
