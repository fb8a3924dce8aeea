"""The same work done with torch, for the benchmarks to stand beside; torch lives in this package only."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch


def stft_round_trip(
    samples: npt.NDArray[np.float32],
    window: npt.NDArray[np.float32],
    dual: npt.NDArray[np.float32],
    hop: int,
) -> Callable[[], npt.NDArray[np.float32]]:
    """A call that takes every frame of ``samples`` forward and back and overlap-adds it, on one thread.

    Returns the sums so far. ``window`` and ``dual`` are ``[n_fft]``; frames begin every ``hop`` samples
    while one more fits.
    """
    torch.set_num_threads(1)
    source, analysis, synthesis = (torch.from_numpy(array.copy()) for array in (samples, window, dual))
    sums = torch.zeros_like(source)
    n_fft = len(window)

    def call() -> npt.NDArray[np.float32]:
        with torch.inference_mode():
            for start in range(0, len(samples) - n_fft, hop):
                frame = torch.fft.rfft(source[start : start + n_fft] * analysis)
                sums[start : start + n_fft] += torch.fft.irfft(frame) * synthesis
        return sums.numpy()

    return call
