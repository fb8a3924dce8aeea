"""Sound as short spectra in bands, in which the parts of a continuation are weighed against each other."""

from typing import Final

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]
Spectra = npt.NDArray[np.complex128]

HOP_SECONDS: Final = 0.008
EDGES_HZ: Final = (150, 300, 450, 600, 800, 1000, 1300, 1700, 2200, 2900, 3800, 5000, 6600, 9000, 13_000)
BANDS: Final = len(EDGES_HZ) + 1


class Bands:
    """Windows of two hops, whose squares add up to one, and the bands of their spectra's bins."""

    def __init__(self, sample_rate: float) -> None:
        self.hop = round(HOP_SECONDS * sample_rate)
        size = 2 * self.hop
        self.window = np.sin(np.pi * (np.arange(size) + 0.5) / size)
        self.numbers = np.searchsorted(EDGES_HZ, np.fft.rfftfreq(size, 1.0 / sample_rate), "right")
        """Of each bin, the band that it is in."""
        self._sums = (self.numbers[:, None] == np.arange(BANDS)).astype(np.float64)

    def spectra(self, samples: Samples) -> Spectra:
        """Of all whole windows, hop by hop: ``[..., windows, bins]`` of ``[..., frames]``."""
        windows = np.lib.stride_tricks.sliding_window_view(samples, 2 * self.hop, axis=-1)
        return np.asarray(np.fft.rfft(windows[..., :: self.hop, :] * self.window))

    def samples(self, spectrum: Spectra) -> Samples:
        """The windowed samples of one spectrum, to be added where windows overlap."""
        return np.asarray(np.fft.irfft(spectrum, 2 * self.hop) * self.window)

    def powers(self, spectra: Spectra) -> Samples:
        """Energy in each band, ``[..., BANDS]``."""
        return np.asarray((spectra.real**2 + spectra.imag**2) @ self._sums)

    def products(self, spectra: Spectra) -> Samples:
        """Of ``[parts, ..., bins]`` all products with each other, ``[parts, parts, ..., BANDS]``."""
        left, right = spectra[:, None], spectra[None]
        return np.asarray((left.real * right.real + left.imag * right.imag) @ self._sums)
