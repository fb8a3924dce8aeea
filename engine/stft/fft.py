"""The real Fourier transform as kernels that neither allocate nor lock, for use on the audio thread.

(The transforms of rocket-fft, and of every library with a plan cache, take memory and a mutex on each call.)
A real transform of n points is a complex one of n / 2 on even and odd samples, and a pass that takes the
two apart. The complex one is Stockham's: radix 4, decimation in frequency, in natural order, between two
buffers; real and imaginary parts lie apart, so that the compiler makes vectors of them.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError
from tsumami.engine.jit import inline_kernel, kernel

SMALLEST_FFT = 8
LARGEST_FFT = 65536

Floats = npt.NDArray[np.float32]
Frame = npt.NDArray[np.complex64]


def check_n_fft(n_fft: int) -> None:
    """`ParameterError` unless ``n_fft`` is a power of two in range."""
    if not SMALLEST_FFT <= n_fft <= LARGEST_FFT or n_fft & (n_fft - 1):
        raise ParameterError(
            f"n_fft must be a power of two in {SMALLEST_FFT}-{LARGEST_FFT} samples, got {n_fft}"
        )


def fft_plan(n_fft: int) -> Floats:
    """The twiddle factors for `real_fft` and its inverse, in one flat array; `ParameterError` on a bad size.

    First cos and -sin of 2 π k / n_fft for k below n_fft / 2, then the stages' factors in order of use.
    """
    check_n_fft(n_fft)
    half = n_fft // 2
    parts = _cos_and_sin(np.arange(half) / n_fft)
    points = half
    while points >= 4:
        for power in (1, 2, 3):
            parts += _cos_and_sin(power * np.arange(points // 4) / points)
        points //= 4
    return np.concatenate(parts).astype(np.float32)


def _cos_and_sin(turns: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    """Real and imaginary parts of exp(-2 π i turns)."""
    return [np.cos(2 * np.pi * turns), -np.sin(2 * np.pi * turns)]


def fft_work(n_fft: int) -> Floats:
    """Scratch memory for `real_fft` and its inverse."""
    return np.zeros(2 * n_fft, np.float32)


@kernel
def real_fft(samples: Floats, frame: Frame, plan: Floats, work: Floats) -> None:
    """``numpy.fft.rfft``: float32 ``samples`` [n] to complex64 ``frame`` [n / 2 + 1]. [audio thread]"""
    half = len(samples) // 2
    re, im = work[:half], work[half : 2 * half]
    for k in range(half):
        re[k] = samples[2 * k]
        im[k] = samples[2 * k + 1]
    if _complex_fft(re, im, work[2 * half : 3 * half], work[3 * half : 4 * half], plan[2 * half :]):
        re, im = work[2 * half : 3 * half], work[3 * half : 4 * half]
    cos, sin = plan[:half], plan[half : 2 * half]
    bins = frame.view(np.float32)
    bins[0], bins[1] = re[0] + im[0], 0
    bins[2 * half], bins[2 * half + 1] = re[0] - im[0], 0
    for k in range(1, half):
        even_re, even_im = re[k] + re[half - k], im[k] - im[half - k]
        odd_re, odd_im = im[k] + im[half - k], re[half - k] - re[k]
        bins[2 * k] = np.float32(0.5) * (even_re + odd_re * cos[k] - odd_im * sin[k])
        bins[2 * k + 1] = np.float32(0.5) * (even_im + odd_re * sin[k] + odd_im * cos[k])


@kernel
def inverse_real_fft(frame: Frame, samples: Floats, plan: Floats, work: Floats) -> None:
    """``numpy.fft.irfft``: complex64 ``frame`` [n / 2 + 1] to float32 ``samples`` [n]. [audio thread]"""
    half = len(samples) // 2
    re, im = work[:half], work[half : 2 * half]
    cos, sin = plan[:half], plan[half : 2 * half]
    bins = frame.view(np.float32)
    # Imaginary parts of the first and the last bin mean nothing, as in numpy.
    re[0], im[0] = bins[0] + bins[2 * half], bins[0] - bins[2 * half]
    for k in range(1, half):
        mirror = 2 * (half - k)
        even_re, even_im = bins[2 * k] + bins[mirror], bins[2 * k + 1] - bins[mirror + 1]
        odd_re, odd_im = bins[2 * k] - bins[mirror], bins[2 * k + 1] + bins[mirror + 1]
        re[k] = even_re - (odd_im * cos[k] - odd_re * sin[k])
        im[k] = even_im + (odd_re * cos[k] + odd_im * sin[k])
    # With real and imaginary parts exchanged, forward is inverse.
    if _complex_fft(im, re, work[3 * half : 4 * half], work[2 * half : 3 * half], plan[2 * half :]):
        re, im = work[2 * half : 3 * half], work[3 * half : 4 * half]
    scale = np.float32(1 / (2 * half))
    for k in range(half):
        samples[2 * k] = scale * re[k]
        samples[2 * k + 1] = scale * im[k]


@kernel
def _complex_fft(re: Floats, im: Floats, other_re: Floats, other_im: Floats, factors: Floats) -> bool:
    """Transform ``re`` + i ``im``, using both pairs; whether the result lies in the other pair."""
    columns, stride = len(re) // 4, 1
    _first_stage(re, im, other_re, other_im, factors, columns)
    in_other = True
    while columns >= 4:
        factors = factors[6 * columns :]
        columns, stride = columns // 4, stride * 4
        if in_other:
            _stage(other_re, other_im, re, im, factors, columns, stride)
        else:
            _stage(re, im, other_re, other_im, factors, columns, stride)
        in_other = not in_other
    if columns == 2:
        if in_other:
            _last_pair(other_re, other_im)
        else:
            _last_pair(re, im)
    return in_other


@inline_kernel
def _butterfly(
    a_re: float, b_re: float, c_re: float, d_re: float, a_im: float, b_im: float, c_im: float, d_im: float
) -> Any:
    """The transform of four points a, b, c, d: real parts, then imaginary parts."""
    sum_ac_re, sum_ac_im, less_ac_re, less_ac_im = a_re + c_re, a_im + c_im, a_re - c_re, a_im - c_im
    sum_bd_re, sum_bd_im, less_bd_re, less_bd_im = b_re + d_re, b_im + d_im, b_re - d_re, b_im - d_im
    return (
        sum_ac_re + sum_bd_re,
        less_ac_re + less_bd_im,
        sum_ac_re - sum_bd_re,
        less_ac_re - less_bd_im,
        sum_ac_im + sum_bd_im,
        less_ac_im - less_bd_re,
        sum_ac_im - sum_bd_im,
        less_ac_im + less_bd_re,
    )


@kernel
def _first_stage(
    re: Floats, im: Floats, out_re: Floats, out_im: Floats, factors: Floats, columns: int
) -> None:
    """The stage of stride 1, where the loop to vectorise is the one over columns."""
    n = columns
    a_re, b_re, c_re, d_re = re[:n], re[n : 2 * n], re[2 * n : 3 * n], re[3 * n : 4 * n]
    a_im, b_im, c_im, d_im = im[:n], im[n : 2 * n], im[2 * n : 3 * n], im[3 * n : 4 * n]
    cos_1, sin_1, cos_2 = factors[:n], factors[n : 2 * n], factors[2 * n : 3 * n]
    sin_2, cos_3, sin_3 = factors[3 * n : 4 * n], factors[4 * n : 5 * n], factors[5 * n : 6 * n]
    for p in range(n):
        r0, r1, r2, r3, i0, i1, i2, i3 = _butterfly(
            a_re[p], b_re[p], c_re[p], d_re[p], a_im[p], b_im[p], c_im[p], d_im[p]
        )
        out_re[4 * p], out_im[4 * p] = r0, i0
        out_re[4 * p + 1], out_im[4 * p + 1] = r1 * cos_1[p] - i1 * sin_1[p], r1 * sin_1[p] + i1 * cos_1[p]
        out_re[4 * p + 2], out_im[4 * p + 2] = r2 * cos_2[p] - i2 * sin_2[p], r2 * sin_2[p] + i2 * cos_2[p]
        out_re[4 * p + 3], out_im[4 * p + 3] = r3 * cos_3[p] - i3 * sin_3[p], r3 * sin_3[p] + i3 * cos_3[p]


@kernel
def _stage(
    re: Floats, im: Floats, out_re: Floats, out_im: Floats, factors: Floats, columns: int, stride: int
) -> None:
    """A later stage: the loop to vectorise is the one within a column, of ``stride`` points."""
    s, quarter = stride, columns * stride
    for p in range(columns):
        cos_1, sin_1, cos_2 = factors[p], factors[columns + p], factors[2 * columns + p]
        sin_2, cos_3, sin_3 = factors[3 * columns + p], factors[4 * columns + p], factors[5 * columns + p]
        a_re, a_im = re[p * s :][:s], im[p * s :][:s]
        b_re, b_im = re[p * s + quarter :][:s], im[p * s + quarter :][:s]
        c_re, c_im = re[p * s + 2 * quarter :][:s], im[p * s + 2 * quarter :][:s]
        d_re, d_im = re[p * s + 3 * quarter :][:s], im[p * s + 3 * quarter :][:s]
        out_re_0, out_im_0 = out_re[4 * p * s :][:s], out_im[4 * p * s :][:s]
        out_re_1, out_im_1 = out_re[(4 * p + 1) * s :][:s], out_im[(4 * p + 1) * s :][:s]
        out_re_2, out_im_2 = out_re[(4 * p + 2) * s :][:s], out_im[(4 * p + 2) * s :][:s]
        out_re_3, out_im_3 = out_re[(4 * p + 3) * s :][:s], out_im[(4 * p + 3) * s :][:s]
        for q in range(s):
            r0, r1, r2, r3, i0, i1, i2, i3 = _butterfly(
                a_re[q], b_re[q], c_re[q], d_re[q], a_im[q], b_im[q], c_im[q], d_im[q]
            )
            out_re_0[q], out_im_0[q] = r0, i0
            out_re_1[q], out_im_1[q] = r1 * cos_1 - i1 * sin_1, r1 * sin_1 + i1 * cos_1
            out_re_2[q], out_im_2[q] = r2 * cos_2 - i2 * sin_2, r2 * sin_2 + i2 * cos_2
            out_re_3[q], out_im_3[q] = r3 * cos_3 - i3 * sin_3, r3 * sin_3 + i3 * cos_3


@kernel
def _last_pair(re: Floats, im: Floats) -> None:
    """The stage of radix 2 that is left where the size is no power of 4, in place."""
    half = len(re) // 2
    for part in (re, im):
        low, high = part[:half], part[half:]
        for q in range(half):
            low[q], high[q] = low[q] + high[q], low[q] - high[q]
