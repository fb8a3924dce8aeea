"""Resampling by a ratio that changes as it goes: what fits a sender's clock to ours without a click."""

import numpy as np
import soxr

from tsumami.bridge.rtp.jitter_buffer import Samples

_HIGHEST_RATIO = 1.02
_SLEW_SECONDS = 0.05


class DriftResampler:
    """Makes ``frames / ratio`` samples of ``frames``; soxr glides from one ratio to the next.

    Its band ends where that of the stream does; about 100 samples late.
    """

    def __init__(self, channels: int, sample_rate: int) -> None:
        self._slew = round(_SLEW_SECONDS * sample_rate)
        self._soxr = soxr.ResampleStream(_HIGHEST_RATIO, 1.0, channels, dtype="float32", vr=True)
        self._ratio = 1.0
        self._soxr.set_io_ratio(self._ratio, 1.0)

    def process(self, samples: Samples, ratio: float) -> Samples:
        """Convert a block, float32 ``[frames, channels]``, to about ``frames / ratio``; ratio 0.98-1.02."""
        if ratio != self._ratio:
            self._ratio = min(max(ratio, 1 / _HIGHEST_RATIO), _HIGHEST_RATIO)
            self._soxr.set_io_ratio(self._ratio, 1.0, self._slew)
        return np.asarray(self._soxr.resample_chunk(np.ascontiguousarray(samples, np.float32)), np.float32)
