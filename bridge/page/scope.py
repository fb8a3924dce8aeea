"""The output as the page draws it: a stretch of samples that stands still, and the levels of its bands."""

from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.ring import Ring

POINTS: Final = 480
"""Samples of the stretch: 10 ms at 48 kHz."""
BANDS: Final = 96
LOWEST_HZ, HIGHEST_HZ = 30.0, 18_000.0
FLOOR_DB: Final = -100.0
"""What a band's level 0 stands for; 255 is 0 dB."""
_KEPT: Final = 4096


class Scope:
    """Keeps the newest frames of the scope's ring. The pictures are of the last `_KEPT` frames."""

    def __init__(self, ring: Ring, sample_rate: int) -> None:
        self._ring = ring
        self._kept = np.zeros((2, _KEPT), np.float32)
        self._window = np.hanning(_KEPT) / (0.25 * _KEPT)  # a sine of full scale reads 0 dB
        edges = np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, 0.49 * sample_rate), BANDS + 1) * _KEPT / sample_rate
        # A band narrower than a bin has the bin that it lies in.
        self._first = np.round(edges[:-1]).astype(np.intp)
        self._first[1:] = np.maximum(self._first[1:], self._first[:-1])

    def take(self) -> None:
        """Take in what has been played since the last time."""
        frames = self._ring.pop()[-_KEPT:]
        count = len(frames)
        if count:
            self._kept[:, : _KEPT - count] = self._kept[:, count:]
            self._kept[:, _KEPT - count :] = frames["left"], frames["right"]

    def wave(self) -> npt.NDArray[np.int16]:
        """Both channels, int16 ``[2, POINTS]``, from where their sum last rose through zero."""
        mid = self._kept.sum(axis=0)
        rising = np.flatnonzero((mid[: _KEPT - POINTS] <= 0.0) & (mid[1 : _KEPT - POINTS + 1] > 0.0))
        begin = int(rising[-1]) + 1 if len(rising) else _KEPT - POINTS
        wave = np.clip(self._kept[:, begin : begin + POINTS], -1.0, 1.0) * 32767.0
        return wave.astype(np.int16)

    def levels(self) -> npt.NDArray[np.uint8]:
        """Level of each band of the sum of both channels, 0-255 for `FLOOR_DB` to 0 dB; uint8 ``[BANDS]``."""
        power = np.abs(np.fft.rfft(self._kept.mean(axis=0) * self._window)) ** 2
        bands = np.maximum.reduceat(power, self._first)
        decibels = 10.0 * np.log10(np.maximum(bands, 1e-20))
        return np.clip(255.0 * (1.0 - decibels / FLOOR_DB), 0.0, 255.0).astype(np.uint8)
