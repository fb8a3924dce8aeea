"""How far sounds that were made again are from those asked for, and what many such distances come to.

Mels are **linear** power, ``[n, bands, frames]``, as a corpus holds them. Nothing here needs torch.

>>> import numpy as np
>>> sounds = np.random.default_rng(0).random((3, 64, 80))
>>> {name: float(values.max()) for name, values in sound_distances(sounds, sounds).items()}
{'SC': 0.0, 'MSE': 0.0, 'LSD': 0.0, 'MFCC': 0.0}
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import scipy.fft

from tsumami.plugins.offline.floor import log_spectral_distance_db, spectral_convergence

Mels = npt.NDArray[np.floating[Any]]
Distances = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Metric:
    """A column of the tables; lower is better for all of them."""

    name: str
    unit: str
    meaning: str


METRICS: Final = (
    Metric("MSEn", "", "mean squared error of the parameters over their mean square"),
    Metric("SC", "", "spectral convergence ‖in − out‖ / ‖in‖ of linear mel power, Frobenius"),
    Metric("MSE", "", "mean squared error of linear mel power, of the unnormalised transform"),
    Metric("LSD", "dB", "log-spectral distance over mel bands, 100 dB deep"),
    Metric("MFCC", "dB", "mel-cepstral distortion: coefficients 1-13, so that level does not count"),
)
"""In the order of the tables."""

QUIET_DB: Final = 20.0
"""A sound is quiet when its mel power is by so much under the median of its set. SC divides by that power: an
answer of ordinary level to a sound 20 dB under it scores 100, and a few of these decide a mean."""

ROUNDS: Final = 2000
"""Resamplings of a bootstrap."""

_COEFFICIENTS: Final = slice(1, 14)
_RANGE: Final = 1e-10
_SILENCE: Final = 1e-30
_INTERVAL: Final = (2.5, 97.5)


def sound_distances(reference: Mels, other: Mels) -> dict[str, Distances]:
    """Every metric of sounds by its name, float64 ``[n]`` each, of two stacks of mels."""
    pairs = list(zip(np.asarray(reference, np.float64), np.asarray(other, np.float64), strict=True))
    return {
        "SC": np.array([spectral_convergence(one, two) for one, two in pairs]),
        "MSE": np.array([((one - two) ** 2).mean() for one, two in pairs]),
        "LSD": np.array([log_spectral_distance_db(one.T, two.T) for one, two in pairs]),
        "MFCC": np.array([cepstral_distortion_db(one, two) for one, two in pairs]),
    }


def parameter_error(values: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> Distances:
    """MSEn of every row, float64 ``[n]``, of positions ``[n, parameters]``.

    The mean square is that of all rows, so that the mean of the rows is the figure of the whole.
    """
    wanted, got = np.asarray(values, np.float64), np.asarray(predicted, np.float64)
    squares: Distances = ((wanted - got) ** 2).mean(axis=1) / max(float((wanted**2).mean()), _SILENCE)
    return squares


def choice_accuracy(
    values: npt.NDArray[Any], predicted: npt.NDArray[Any], counts: Sequence[int]
) -> float | None:
    """Share of the discrete parameters' choices that are right, of positions ``[n, parameters]``.

    ``counts`` has the number of each parameter's choices, 0 of a continuous one. A position stands for the
    nearest choice, as it does for an instrument. None where no parameter is discrete.
    """
    discrete = np.flatnonzero(counts)
    if not len(discrete):
        return None
    last = np.asarray(counts)[discrete] - 1
    return float((np.rint(values[:, discrete] * last) == np.rint(predicted[:, discrete] * last)).mean())


def cepstral_distortion_db(reference: Distances, other: Distances) -> float:
    """Mel-cepstral distortion in dB (Kubichek 1993) of two mels ``[bands, frames]``, mean over the frames.

    It is the root mean square difference of the smooth part of the spectra, without their levels. Each mel
    counts down to 100 dB under its own highest value, so gain alone changes nothing.
    """
    difference = _cepstrum(reference) - _cepstrum(other)
    return float(np.sqrt(2.0 * (difference**2).sum(axis=0)).mean())


def is_quiet(mels: Mels) -> npt.NDArray[np.bool_]:
    """Which sounds are `QUIET_DB` under the median of the set, bool ``[n]``."""
    power = np.linalg.norm(np.asarray(mels, np.float64), axis=(1, 2))
    return np.asarray(power < np.median(power) * 10 ** (-QUIET_DB / 10))


def _cepstrum(mel: Distances) -> Distances:
    lowest = float(mel.max()) * _RANGE + _SILENCE
    level_db = 10.0 * np.log10(np.maximum(mel, lowest))
    return np.asarray(scipy.fft.dct(level_db, axis=0), np.float64)[_COEFFICIENTS] / (2 * len(mel))


@dataclass(frozen=True, slots=True)
class Summary:
    """What many distances come to. The intervals hold 95 % of the bootstrap's means and medians."""

    mean: float
    std: float
    median: float
    mean_interval: tuple[float, float]
    median_interval: tuple[float, float]


def summarise(distances: Distances, seed: int = 0) -> Summary:
    """Mean, standard deviation, median and their percentile bootstrap; the same ``seed``, the same figures.

    Raises `ValueError` for no distances.
    """
    if not len(distances):
        raise ValueError("distances must be at least one, got none")
    rng = np.random.default_rng(seed)
    drawn = distances[rng.integers(len(distances), size=(ROUNDS, len(distances)))]
    return Summary(
        float(distances.mean()),
        float(distances.std()),
        float(np.median(distances)),
        _interval(drawn.mean(axis=1)),
        _interval(np.median(drawn, axis=1)),
    )


def _interval(statistics: Distances) -> tuple[float, float]:
    low, high = np.percentile(statistics, _INTERVAL)
    return float(low), float(high)
