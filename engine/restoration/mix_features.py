"""What the parts of a continuation are judged by, band by band.

How loud they are and how like each other; how the sound was a moment ago; how far off each part would have
been, had the gap begun a little earlier; and how like the present the place is that the echo comes from. All
energies are logarithms, relative to what was heard last.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.restoration.bands import BANDS, Bands, Spectra
from tsumami.engine.restoration.mix_parts import PARTS, Parts
from tsumami.engine.restoration.similar import Match

Samples = npt.NDArray[np.float64]
Features = npt.NDArray[np.float32]

FEATURES: Final = 36
HELD_HOPS: Final = 4
"""So long before a gap the parts begin that are held against what was heard."""
PAST_HOPS: Final = 31
_MATCHED_HOPS: Final = 10
_LAGS: Final = (1, 2, 3, 5, 9, 14)
"""Windows before the gap, whose energies are told."""
_FLOOR: Final = 1e-9
"""Of the newest energy, which is taken to be in everything."""
_LEAST: Final = 1e-30
_LOWEST, _SMALLEST, _LARGEST = -7.0, -4.0, 2.0
_UPPER: Final = np.triu_indices(PARTS, 1)


class Evidence:
    """What is known when a gap begins; then features hop by hop.

    ``held`` are the parts as they would have gone on from `HELD_HOPS` before the end of what was ``heard``.
    """

    def __init__(self, bands: Bands, heard: Samples, held: Parts, match: Match | None) -> None:
        self._bands = bands
        powers = bands.powers(bands.spectra(_last(heard, PAST_HOPS * bands.hop)))
        self._newest = float(powers[-4:].sum(axis=1).mean()) + 1e-12
        levels = self._level(powers)
        self._held = self._judged(heard, held)
        steady = [
            *(levels[-lag] for lag in _LAGS),
            levels.mean(axis=0),
            levels.std(axis=0),
            np.abs(np.diff(levels, axis=0)).mean(axis=0),
            *self._alike(heard, match),
            np.full(BANDS, match.level if match else 0.0),
            np.full(BANDS, match.likeness if match else 0.0),
            np.linspace(-1.0, 1.0, BANDS),
        ]
        self._steady = np.array(steady)

    def of_hop(self, number: int, spectra: Spectra) -> Features:
        """Features ``[FEATURES, BANDS]`` of a window, by the parts' ``spectra`` ``[PARTS, bins]``."""
        products = self._floored(self._bands.products(spectra))
        energies = products[range(PARTS), range(PARTS)]
        alike = products[_UPPER] / np.sqrt(energies[_UPPER[0]] * energies[_UPPER[1]] + _LEAST)
        held = self._held[min(number, HELD_HOPS - 1)]
        place = np.array([number / 8.0, np.log1p(number), float(number == 0)])
        rows = [
            self._level(energies[[0, 3]]),
            np.clip(_log(energies[1:] / energies[0]), _SMALLEST, _LARGEST),
            alike,
            held,
            self._held[-1],
            self._steady,
            np.repeat(place[:, None], BANDS, axis=1),
        ]
        return np.concatenate(rows).astype(np.float32)

    def _judged(self, heard: Samples, held: Parts) -> Samples:
        """What all parts but the echo were worth, ``[HELD_HOPS + 1, PARTS, BANDS]``: by hops, and in sum."""
        size = HELD_HOPS * self._bands.hop
        samples = np.concatenate([held.go_on(size)[:-1], _last(heard, size)[None]])
        silent = np.zeros((PARTS, self._bands.hop))
        spectra = self._bands.spectra(np.concatenate([silent, samples], axis=1))
        products = self._bands.products(spectra)
        together = products.sum(axis=2, keepdims=True)
        return _worth(self._floored(np.concatenate([products, together], axis=2)))

    def _alike(self, heard: Samples, match: Match | None) -> tuple[Samples, Samples]:
        """Of the newest sound and the place: correlation, and level."""
        size = _MATCHED_HOPS * self._bands.hop
        then = np.zeros(size)
        if match is not None:
            then = match.level * _last(heard[: len(heard) - match.lag], size)
        spectra = self._bands.spectra(np.stack([_last(heard, size), then]))
        products = self._floored(self._bands.products(spectra).sum(axis=2))
        now, level = products[0, 0], _log(products[1, 1] / products[0, 0])
        like = products[0, 1] / np.sqrt(now * products[1, 1] + _LEAST)
        return like, np.clip(level, _SMALLEST, _LARGEST)

    def _floored(self, products: Samples) -> Samples:
        floored = products.copy()
        diagonal = range(len(products))
        floored[diagonal, diagonal] += _FLOOR * self._newest
        return floored

    def _level(self, energies: Samples) -> Samples:
        return np.maximum(_log(energies / self._newest), _LOWEST)


def _worth(products: Samples) -> Samples:
    """How far off the first part is, how like the truth, and how like its error each of the others.

    ``products`` are ``[PARTS, PARTS, hops, BANDS]``, the truth's last; returns ``[hops, PARTS, BANDS]``.
    """
    first, truth = products[0, 0], products[-1, -1]
    error = np.maximum(truth - 2.0 * products[0, -1] + first, _LEAST)
    off = np.clip(_log(error / truth), -3.0, _LARGEST)
    like = products[0, -1] / np.sqrt(truth * first + _LEAST)
    others = range(1, PARTS - 1)
    energies = products[others, others]
    explained = (products[1:-1, -1] - products[0, 1:-1]) / np.sqrt(error * energies + _LEAST)
    return np.stack([off, like, *explained], axis=1)


def _log(ratio: Samples) -> Samples:
    return np.asarray(np.log10(np.maximum(ratio, 1e-30)))


def _last(samples: Samples, size: int) -> Samples:
    """The last ``size`` of them, silence before what there is."""
    newest = samples[max(len(samples) - size, 0) :]
    return np.concatenate([np.zeros(size - len(newest)), newest])
