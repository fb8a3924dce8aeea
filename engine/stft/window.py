"""Windows for the short-time transform, and the dual that undoes each of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError

Window = npt.NDArray[np.float32]

COSINES: dict[str, tuple[float, ...]] = {
    "rectangular": (1.0,),
    "hann": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
}
"""Named windows: coefficients a_k of Σ (-1)^k a_k cos(2 π k n / n_fft), periodic."""

_SMALLEST_OVERLAP = 1e-3


def window_of(window: str | npt.ArrayLike, n_fft: int) -> Window:
    """A window by name, or the given samples, as float32 ``[n_fft]``; `ParameterError` when it is neither."""
    if isinstance(window, str):
        if window not in COSINES:
            raise ParameterError(f"window must be one of {', '.join(COSINES)} or an array, got {window}")
        return np.asarray(_cosine_sum(COSINES[window], n_fft), np.float32)
    samples = np.array(window, np.float32)
    if samples.shape != (n_fft,) or not np.isfinite(samples).all():
        raise ParameterError(f"window must be {n_fft} finite samples, got an array of shape {samples.shape}")
    return samples


def dual_window(window: Window, hop: int) -> Window:
    """The synthesis window with which overlap-add gives back the input of ``window`` exactly.

    It is the canonical dual: the window over the sum of its squares, shifted by every multiple of ``hop``
    (as in ``scipy.signal.ShortTimeFFT.dual_win``). `ParameterError` when these leave a gap: the window breaks
    the nonzero-overlap-add condition (NOLA) at this hop.
    """
    n_fft = len(window)
    if not 1 <= hop <= n_fft:
        raise ParameterError(f"hop must be in 1-{n_fft} samples, got {hop}")
    squares = np.zeros(-(-n_fft // hop) * hop)
    squares[:n_fft] = np.square(window, dtype=np.float64)
    overlap = squares.reshape(-1, hop).sum(axis=0)
    if overlap.min() <= _SMALLEST_OVERLAP * overlap.max():
        raise ParameterError(
            f"hop must let the windows overlap without gaps, got {hop} samples for this window of {n_fft}; "
            f"use {n_fft // 2} or less"
        )
    return np.asarray(window / np.resize(overlap, n_fft), np.float32)


def _cosine_sum(coefficients: Sequence[float], n_fft: int) -> Any:
    turns = np.arange(n_fft) / n_fft
    terms = [(-1) ** k * a * np.cos(2 * np.pi * k * turns) for k, a in enumerate(coefficients)]
    return np.array(terms).sum(axis=0)
