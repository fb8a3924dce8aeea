"""Streaming sample-rate conversion: soxr, with a fixed latency and a fixed count of samples per block."""

import math
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import soxr

from tsumami.engine.errors import ParameterError
from tsumami.engine.stage import CHANNELS

Audio = npt.NDArray[np.float32]
Quality = Literal["QQ", "LQ", "MQ", "HQ", "VHQ"]
"""soxr's recipes: quick, low, medium (16 bit), high (20 bit) and very high (28 bit) precision."""

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1_000, 768_000

_PROBE_FRAMES = 8192
_PROBE_MARGIN = 2  # the ratio's rounding can move the count by one, here and at the end of a block


class StreamResampler:
    """Converts a stream of blocks from one sample rate to another.

    soxr works in steps of its own and gives its output in bursts. Here n frames in all have given
    floor(n · out / in) frames out, whatever the block size, and output frame `latency_samples` is the sound
    of input frame 0. Any block size gives the same samples. Allocates as it goes: for control and
    network threads, not for the audio thread.
    """

    def __init__(
        self, in_rate_hz: int, out_rate_hz: int, quality: Quality = "HQ", channels: int = CHANNELS
    ) -> None:
        for name, rate in (("in_rate_hz", in_rate_hz), ("out_rate_hz", out_rate_hz)):
            if not LOWEST_RATE_HZ <= rate <= HIGHEST_RATE_HZ or rate != int(rate):
                raise ParameterError(
                    f"{name} must be a whole number in {LOWEST_RATE_HZ}-{HIGHEST_RATE_HZ} Hz, got {rate}"
                )
        if quality not in get_args(Quality):
            raise ParameterError(f"quality must be one of {', '.join(get_args(Quality))}, got {quality}")
        if channels < 1:
            raise ParameterError(f"channels must be 1 or more, got {channels}")
        self.in_rate_hz, self.out_rate_hz, self.channels = int(in_rate_hz), int(out_rate_hz), channels
        self._soxr = soxr.ResampleStream(in_rate_hz, out_rate_hz, channels, dtype="float32", quality=quality)
        self._latency_samples = self._longest_wait() + _PROBE_MARGIN
        self._frames_in = 0
        self._pending: Audio = np.zeros((channels, self._latency_samples), np.float32)
        self.reset()

    @property
    def latency_samples(self) -> int:
        """Delay from input to output, in samples of the output rate; measured when the object is made."""
        return self._latency_samples

    def prepare(self, block_size: int) -> None:
        """Warm up with one block and begin from silence."""
        self.process(np.zeros((self.channels, block_size), np.float32))
        self.reset()

    def process(self, audio: Audio) -> Audio:
        """Convert a block, float32 ``[channels, frames]``; the output is ``[channels, due frames]``."""
        before = self._due(self._frames_in)
        self._frames_in += audio.shape[1]
        self._pending = np.concatenate([self._pending, self._convert(audio, last=False)], axis=1)
        return self._take(self._due(self._frames_in) - before)

    def finish(self) -> Audio:
        """All that is left, at the end of the stream; `reset` before any further block."""
        tail = self._convert(np.zeros((self.channels, 0), np.float32), last=True)
        self._pending = np.concatenate([self._pending, tail], axis=1)
        return self._take(self._pending.shape[1])

    def reset(self) -> None:
        """Clear the stream: the next block is the first."""
        self._soxr.clear()
        self._frames_in = 0
        self._pending = np.zeros((self.channels, self._latency_samples), np.float32)

    def _due(self, frames_in: int) -> int:
        return frames_in * self.out_rate_hz // self.in_rate_hz

    def _convert(self, audio: Audio, *, last: bool) -> Audio:
        interleaved = np.ascontiguousarray(audio.T, np.float32)
        return np.asarray(self._soxr.resample_chunk(interleaved, last=last), np.float32).T

    def _take(self, count: int) -> Audio:
        taken, self._pending = self._pending[:, :count], self._pending[:, count:]
        return np.ascontiguousarray(taken)

    def _longest_wait(self) -> int:
        """The most output frames that soxr has owed at any time, found by feeding it frame by frame."""
        silence = np.zeros((1, self.channels), np.float32)
        given = longest = 0
        for frame in range(1, _PROBE_FRAMES + 1):
            given += len(self._soxr.resample_chunk(silence))
            longest = max(longest, math.floor(frame * self.out_rate_hz / self.in_rate_hz) - given)
        return longest
