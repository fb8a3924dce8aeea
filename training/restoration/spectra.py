"""Magnitude spectrograms as the paper has them (section 4): 16 kHz, frames of 512, a hop of 128, Hamming."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.stft.window import window_of

Magnitudes = npt.NDArray[np.float32]
"""``[frames, BINS]``, not negative."""

SAMPLE_RATE: Final = 16_000
N_FFT: Final = 512
HOP: Final = 128
BINS: Final = N_FFT // 2 + 1

_AT_ONCE: Final = 4096


def magnitudes(samples: npt.NDArray[np.float32]) -> Magnitudes:
    """The magnitudes of all whole frames of ``samples`` ``[n]``; none of a sound shorter than a frame."""
    if len(samples) < N_FFT:
        return np.zeros((0, BINS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP]
    window = window_of("hamming", N_FFT)
    parts = (frames[first : first + _AT_ONCE] for first in range(0, len(frames), _AT_ONCE))
    return np.concatenate([np.abs(np.fft.rfft(part * window)).astype(np.float32) for part in parts])


def normalised(spectrogram: Magnitudes) -> Magnitudes:
    """The same over its largest magnitude, which must not be 0."""
    return np.asarray(spectrogram / spectrogram.max(), np.float32)


def frequencies_hz() -> npt.NDArray[Any]:
    """The frequency of every bin, float64 ``[BINS]``."""
    return np.fft.rfftfreq(N_FFT, 1.0 / SAMPLE_RATE)
