"""Power spectrograms without torch; workers that render import this by the dozen."""

import numpy as np
import numpy.typing as npt
import scipy.fft

Spectrum = npt.NDArray[np.float32]


def power_frames(samples: npt.NDArray[np.float32], n_fft: int, hop: int) -> Spectrum:
    """Power of Hann-windowed frames, float32 ``[frames, n_fft // 2 + 1]``.

    Frames are centred on multiples of ``hop``; the ends are padded with zeros. A full-scale sine has a
    peak near 1, whatever ``n_fft``.
    """
    padded = np.pad(samples, n_fft // 2)
    window = np.hanning(n_fft + 1)[:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    spectra = transform(np.asarray(frames * (window / (0.5 * window.sum())), np.float32), axis=1)
    return np.asarray(spectra.real**2 + spectra.imag**2, np.float32)


def transform(samples: npt.NDArray[np.float32], axis: int = -1) -> npt.NDArray[np.complex64]:
    """Half of the discrete Fourier transform of real samples, in their own precision."""
    return np.asarray(scipy.fft.rfft(samples, axis=axis), np.complex64)


def frequencies_hz(n_fft: int, sample_rate: float) -> npt.NDArray[np.float64]:
    """Frequency of every bin, float64 ``[n_fft // 2 + 1]``."""
    return np.asarray(np.fft.rfftfreq(n_fft, 1.0 / sample_rate), np.float64)
