"""The render floor: how far two renders of one patch are apart, which no model can pass.

**SC**, spectral convergence, is ‖a − b‖ / ‖a‖ (Frobenius) of linear mel power spectra: 64 bands of 30 to
11,000 Hz, frames of 2048 every 1024 samples. **LSD**, log-spectral distance, is the root of the mean
squared difference of the power spectra in dB over the bins, averaged over the frames; what lies more than
100 dB under the highest bin counts as 100 dB under it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
_Spectrum = npt.NDArray[np.float64]

PATCHES: Final = 16
"""How many patches are rendered twice."""

_N_FFT, _HOP = 2048, 1024
_BANDS = 64
_LOWEST_HZ, _HIGHEST_HZ = 30.0, 11_000.0
_RANGE = 1e-10
"""100 dB of power."""
_SILENCE = 1e-30


@dataclass(frozen=True, slots=True)
class Floor:
    """Distances of two renders of each of ``patches``; ``exact`` of them were the same bit for bit."""

    patches: int
    exact: int
    sc_median: float
    sc_max: float
    lsd_median_db: float
    lsd_max_db: float


def floor_of(pairs: Sequence[tuple[Samples, Samples]], sample_rate: float) -> Floor:
    """The floor that pairs of renders show, each ``[frames]`` or ``[channels, frames]``."""
    exact = sum(np.array_equal(first, second) for first, second in pairs)
    spectra = [(_power(_mono(first)), _power(_mono(second))) for first, second in pairs]
    bands = _mel_matrix(sample_rate)
    sc = [spectral_convergence(first @ bands, second @ bands) for first, second in spectra] or [0.0]
    lsd = [log_spectral_distance_db(first, second) for first, second in spectra] or [0.0]
    return Floor(len(pairs), exact, float(np.median(sc)), max(sc), float(np.median(lsd)), max(lsd))


def spectral_convergence(reference: _Spectrum, other: _Spectrum) -> float:
    """‖reference − other‖ / ‖reference‖; 0 for two silences."""
    distance = float(np.linalg.norm(reference - other))
    return distance / max(float(np.linalg.norm(reference)), _SILENCE) if distance else 0.0


def log_spectral_distance_db(reference: _Spectrum, other: _Spectrum) -> float:
    """Root mean square over the bins of the difference in dB, mean over the frames; of power spectra."""
    lowest = max(float(reference.max()), float(other.max())) * _RANGE + _SILENCE
    ratio_db = 10.0 * np.log10(np.maximum(reference, lowest) / np.maximum(other, lowest))
    return float(np.sqrt((ratio_db**2).mean(axis=1)).mean())


def _mono(audio: Samples) -> Samples:
    return audio if audio.ndim == 1 else audio.mean(axis=0)


def _power(samples: Samples) -> _Spectrum:
    """Power by frame and bin ``[frames, bins]``, Hann window."""
    padded = np.pad(samples.astype(np.float64), (0, max(_N_FFT - len(samples), 0)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _N_FFT)[::_HOP]
    power: _Spectrum = np.abs(np.fft.rfft(frames * np.hanning(_N_FFT), axis=1)) ** 2
    return power


def _mel_matrix(sample_rate: float) -> _Spectrum:
    """Triangular bands of equal width in O'Shaughnessy's mel, each with a peak of 1, ``[bins, bands]``."""

    def mel(frequency_hz: npt.ArrayLike) -> _Spectrum:
        return 2595.0 * np.log10(1.0 + np.asarray(frequency_hz, np.float64) / 700.0)

    edges = np.linspace(mel(_LOWEST_HZ), mel(min(_HIGHEST_HZ, sample_rate / 2)), _BANDS + 2)
    bins = mel(np.fft.rfftfreq(_N_FFT, 1 / sample_rate))[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.clip(np.minimum(rising, falling), 0.0, None)
