"""What is left of a tune in its prediction: the signal-to-distortion ratio of magnitudes (equation 12)."""

from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.training.restoration.spectra import Magnitudes, frequencies_hz

BANDS_HZ: Final = ((0, 1000), (1000, 2000), (2000, 4000), (4000, 8000))
"""From the first, up to and without the second; the last one with it."""


def sdr_db(true: Magnitudes, predicted: Magnitudes) -> float | None:
    """10 log10(Σ s² / Σ (s - y)²) over all frames and bins; None without any signal or any distortion."""
    signal = np.square(true, dtype=np.float64).sum()
    distortion = np.square(np.subtract(true, predicted, dtype=np.float64)).sum()
    return float(10.0 * np.log10(signal / distortion)) if signal > 0.0 and distortion > 0.0 else None


def band_sdr_db(true: Magnitudes, predicted: Magnitudes) -> tuple[float | None, ...]:
    """`sdr_db` in each of `BANDS_HZ`."""
    return tuple(sdr_db(true[:, bins], predicted[:, bins]) for bins in map(_bins, BANDS_HZ))


def _bins(band_hz: tuple[int, int]) -> npt.NDArray[np.bool_]:
    low, high = band_hz
    frequencies = frequencies_hz()
    return np.asarray((frequencies >= low) & ((frequencies < high) | (high == frequencies[-1])))
