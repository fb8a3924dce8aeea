"""The newest of a stream: what is searched for damage, sample by sample by its place in the stream."""

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]


class History:
    """The last ``kept`` frames at least, of ``channels``; places count from the stream's first frame."""

    def __init__(self, channels: int, kept: int) -> None:
        self._samples = np.zeros((channels, 4 * kept))
        self._kept = kept
        self._length = 0
        self.end = 0
        """Place after the newest frame."""

    def append(self, page: npt.NDArray[np.floating]) -> None:
        """The next frames ``[frames, channels]``, at most ``kept``; what is no number is silence."""
        frames = len(page)
        if self._length + frames > self._samples.shape[1]:
            newest = self._samples[:, self._length - self._kept : self._length].copy()
            self._samples[:, : self._kept] = newest
            self._length = self._kept
        self._samples[:, self._length : self._length + frames] = np.where(np.isfinite(page), page, 0.0).T
        self._length += frames
        self.end += frames

    def span(self, begin: int, end: int) -> Samples:
        """Frames ``[channels, frames]`` from one place to another, as far as they are there."""
        first = self.end - self._length
        return self._samples[:, max(begin - first, 0) : max(min(end, self.end) - first, 0)]
