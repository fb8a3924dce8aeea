"""What the encoder hears of a sound: its power over a logarithmic frequency, against the loudest so far.

A frame is 2,048 samples at 22,050 Hz under a Hann window, every 512 samples; its power is gathered in 176
triangular bands, 24 an octave from C2 on, so that a pitch is a place and a transposition a shift. Levels are
in dB under the loudest band since the beginning: loudness does not matter, and nothing later is needed.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

SAMPLE_RATE: Final = 22_050
N_FFT: Final = 2048
HOP: Final = 512
BANDS: Final = 176
BANDS_PER_OCTAVE: Final = 24
LOWEST_HZ: Final = 65.41
RANGE_DB: Final = 80.0
"""What is softer by so much than the loudest is silence."""

_SMALLEST: Final = 1e-12

Samples = npt.NDArray[np.float32]
Frames = npt.NDArray[np.float32]


def band_matrix() -> npt.NDArray[np.float32]:
    """Weights of a spectrum's power for every band, float32 ``[N_FFT // 2 + 1, BANDS]``.

    A triangle between its neighbours' centres; in the bass, where bands are narrower than bins, between the
    bins on both sides.
    """
    bins = np.arange(N_FFT // 2 + 1, dtype=np.float64)
    places = np.arange(-1, BANDS + 1) / BANDS_PER_OCTAVE
    edges = LOWEST_HZ * 2.0**places * N_FFT / SAMPLE_RATE
    centres = edges[1:-1]
    below = np.maximum(centres - edges[:-2], 1.0)
    above = np.maximum(edges[2:] - centres, 1.0)
    distance = bins[:, None] - centres
    rising, falling = 1.0 + distance / below, 1.0 - distance / above
    return np.clip(np.minimum(rising, falling), 0.0, None).astype(np.float32)


_MATRIX: Final = band_matrix()
_WINDOW: Final = np.hanning(N_FFT + 1)[:-1].astype(np.float32)
_SCALE: Final = np.float32(1.0 / (0.5 * _WINDOW.sum()) ** 2)


def band_levels(samples: Samples) -> Frames:
    """Levels in dB of whole frames, the first from the first sample on; float32 ``[frames, BANDS]``."""
    if len(samples) < N_FFT:
        return np.zeros((0, BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(np.asarray(samples, np.float32), N_FFT)[::HOP]
    spectra = np.fft.rfft(frames * _WINDOW, axis=1)
    power = np.asarray(spectra.real**2 + spectra.imag**2, np.float32) * _SCALE
    return np.asarray(10.0 * np.log10(power @ _MATRIX + _SMALLEST), np.float32)


def under_loudest(levels: Frames) -> Frames:
    """Levels ``[frames, BANDS]`` against the loudest up to their frame, 0 for `RANGE_DB` under it to 1."""
    loudest = np.maximum.accumulate(levels.max(axis=1))
    return _against(levels, loudest)


def features_of(samples: Samples) -> Frames:
    """Of a whole sound at `SAMPLE_RATE`, float32 ``[frames, BANDS]``, as `FrameReader` reads it."""
    return under_loudest(band_levels(samples))


class FrameReader:
    """Features of a sound that comes in pieces of any size."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin a new sound."""
        self._waiting = np.zeros(0, np.float32)
        self._loudest = -np.inf

    def read(self, samples: Samples) -> Frames:
        """The frames that these samples complete, float32 ``[frames, BANDS]``."""
        self._waiting = np.concatenate([self._waiting, np.asarray(samples, np.float32)])
        levels = band_levels(self._waiting)
        self._waiting = self._waiting[len(levels) * HOP :]
        if not len(levels):
            return levels
        loudest = np.maximum(np.maximum.accumulate(levels.max(axis=1)), self._loudest)
        self._loudest = float(loudest[-1])
        return _against(levels, loudest)


def _against(levels: Frames, loudest: Frames) -> Frames:
    return np.asarray(np.clip(1.0 + (levels - loudest[:, None]) / RANGE_DB, 0.0, 1.0), np.float32)
