"""The streaming short-time Fourier transform and its inverse, as a stage of the strip.

Every ``hop`` samples the last ``n_fft`` are windowed and transformed, a compiled function may change the
spectrum, and the inverse is overlap-added with the dual window: with an untouched spectrum the
output is the input, ``n_fft`` samples later.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from tsumami.engine.stage import CHANNELS
from tsumami.engine.stft.fft import fft_plan, fft_work
from tsumami.engine.stft.kernels import FRAME_SIGNATURE, STFT_DTYPE, stft_process
from tsumami.engine.stft.window import dual_window, window_of

__all__ = ["FRAME_SIGNATURE", "StftStream"]


class StftStream:
    """A `tsumami.engine.stage.Stage` that works on spectra: analysis, a frame function, synthesis.

    ``window`` is one of `tsumami.engine.stft.window.COSINES` or an array [n_fft]; ``n_fft`` is a power of
    two, and ``hop`` any number of samples at which the windows overlap without gaps (else `ParameterError`).
    ``frame_function`` is the address of a C function of `FRAME_SIGNATURE`, ``frame_state`` what it is
    given; 0 leaves the spectrum as it is. The caller keeps both alive.
    """

    def __init__(
        self,
        n_fft: int = 512,
        hop: int = 128,
        window: str | npt.ArrayLike = "hann",
        *,
        frame_function: int = 0,
        frame_state: int = 0,
    ) -> None:
        plan = fft_plan(n_fft)
        analysis = window_of(window, n_fft)
        self._arrays = {
            "plan": plan,
            "work": fft_work(n_fft),
            "scratch": np.zeros(n_fft, np.float32),
            "window": analysis,
            "dual": dual_window(analysis, hop),
            "history": np.zeros((CHANNELS, n_fft), np.float32),
            "sums": np.zeros((CHANNELS, n_fft), np.float32),
            "frames": np.zeros((CHANNELS, n_fft // 2 + 1), np.complex64),
        }
        self._state: Any = np.zeros(1, STFT_DTYPE)
        self._state["n_fft"], self._state["hop"] = n_fft, hop
        self._state["frame_function"], self._state["frame_state"] = frame_function, frame_state
        self._state["plan_size"] = len(plan)
        for name, array in self._arrays.items():
            self._state[name] = array.ctypes.data

    @property
    def latency_samples(self) -> int:
        """Delay from input to output: ``n_fft``, whatever the block size."""
        return int(self._state["n_fft"][0])

    @property
    def process_address(self) -> int:
        """Address of the compiled process function."""
        return int(stft_process.address)

    @property
    def state_address(self) -> int:
        """Address of the state; valid as long as the object lives."""
        return int(self._state.ctypes.data)

    def prepare(self, sample_rate: float, block_size: int) -> None:
        """Begin from silence; memory and code are ready since construction, for any rate and block size."""
        del sample_rate, block_size
        self.reset()

    def reset(self) -> None:
        """Clear what sounds."""
        self._state["filled"] = 0
        self._arrays["history"].fill(0)
        self._arrays["sums"].fill(0)
