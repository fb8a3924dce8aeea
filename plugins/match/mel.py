"""The mel spectrogram of the paper (section 4.2 and its public code): what models hear of a sound."""

from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.plugins.match.spectra import frequencies_hz, power_frames

SAMPLE_RATE: Final = 22_050
N_FFT: Final = 2048
HOP: Final = 1024
BANDS: Final = 64
FRAMES: Final = 80
LOWEST_HZ: Final = 30.0
HIGHEST_HZ: Final = 11_000.0
LENGTH: Final = (FRAMES - 1) * HOP + N_FFT // 2
"""Samples that are heard, 3.7 s."""
OFFSET: Final = 1e-3
"""What is added before the logarithm."""

_SCALE: Final = (N_FFT / 4) ** 2  # of power, to the unnormalised transform that OFFSET was chosen for


def _mel(frequency_hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """O'Shaughnessy's mel scale."""
    return 2595.0 * np.log10(1.0 + np.asarray(frequency_hz, np.float64) / 700.0)


def _edges() -> npt.NDArray[np.float64]:
    """Where bands begin and end, in mel: band i reaches from edge i to edge i + 2."""
    return np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), BANDS + 2)


def bands_below(frequency_hz: float) -> int:
    """How many bands, from the lowest, lie below a frequency as a whole."""
    return int(np.count_nonzero(_edges()[2:] <= _mel(frequency_hz)))


def mel_matrix() -> npt.NDArray[np.float32]:
    """Triangular bands of equal width in mel, each with a peak of 1, float32 ``[bins, BANDS]``."""
    edges = _edges()
    bins = _mel(frequencies_hz(N_FFT, SAMPLE_RATE))[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.clip(np.minimum(rising, falling), 0.0, None).astype(np.float32)


_MATRIX: Final = mel_matrix()


def mel_power(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Linear mel power of mono ``samples`` at `SAMPLE_RATE`, float32 ``[BANDS, FRAMES]``.

    Longer sounds are cut after `FRAMES` frames, shorter ones are padded with silence.
    """
    whole = np.pad(samples[:LENGTH], (0, max(LENGTH - len(samples), 0)))
    power = power_frames(whole, N_FFT, HOP)[:FRAMES] @ _MATRIX
    return np.asarray(_SCALE * power.T, np.float32)


def log_mel(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The logarithm of `mel_power`, with `OFFSET` added first."""
    return np.asarray(np.log(mel_power(samples) + OFFSET), np.float32)
