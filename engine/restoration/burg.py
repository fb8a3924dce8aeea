"""Burg's method: the autoregression that predicts a signal's samples from those before it, always stable.

For orders m = 0, 1, … Burg (1975) takes the reflection coefficient that makes the squared errors of the
prediction forwards and backwards least. Done on the N samples that costs O(N · order). Vos (2013, "A fast
implementation of Burg's method") does it on correlations, O(N log N + order²), so that an order of a thousand
can be afforded. Written out, with a = (1, a_1, …, a_m) and J the reversal of a vector:

    R_ij = Σ_{n=m+1}^{N-1} x(n-i) x(n-j) + x(n-m-1+i) x(n-m-1+j),    i, j = 0 … m+1
    g = R (a, 0)
    k = -(a, 0)ᵀ J g / (a, 0)ᵀ g,        a ← (a, 0) + k J (a, 0)

From one order to the next R loses the two products at its ends and gains a row r, so with
u_i = x(m+1-i), w_i = x(N-2-m+i) and the new a

    g ← g + k J g - u (u·a) - w (w·a),  and below it  r·a
    r_0 ← 2 c(m+2),    r_(j+1) ← r_j - x(N-2-m) x(N-1-j) - x(m+1) x(j)

where c are the autocorrelations, R being its own reversal.
"""

import numpy as np
import numpy.typing as npt

from tsumami.engine.jit import kernel, summing_kernel

Samples = npt.NDArray[np.float64]

_NOISE = 1e-9
"""White noise, as a share of the signal's power, that is taken to be in it: 90 dB below.

Without it the highest orders are lost to rounding where a band is empty, as above the music in a signal that
was resampled."""

_LEAST_SHARE = 1e-10
"""Of a signal's energy: where less is left to be predicted, higher orders would fit rounding errors."""


@summing_kernel
def _recursion(x: Samples, c: Samples, order: int) -> Samples:
    # What runs backwards is laid out forwards, so that every loop is a product of vectors.
    back = x[::-1].copy()
    a, g = np.zeros(order + 2), np.zeros(order + 2)
    turned_a, turned_g = np.zeros(order + 2), np.zeros(order + 2)
    a[0] = 1.0
    g[0] = 2.0 * c[0] - x[0] ** 2 - back[0] ** 2
    g[1] = 2.0 * c[1]
    rows = np.zeros(order + 3)  # r begins one place earlier each time, so that none of it moves
    first = order
    rows[first], rows[first + 1] = g[1], g[0]
    for m in range(order):
        for i in range(m + 2):
            turned_a[i] = a[m + 1 - i]
            turned_g[i] = g[m + 1 - i]
        across, along = 0.0, 0.0
        for i in range(m + 1):
            across += a[i] * turned_g[i]
            along += a[i] * g[i]
        if along <= _LEAST_SHARE * c[0]:
            break
        k = -across / along
        if not abs(k) < 1.0:  # only by rounding; what was found so far is stable
            break
        for i in range(m + 2):
            a[i] += k * turned_a[i]
        if m == order - 1:
            break
        r = rows[first:]
        for j in range(m + 2):
            r[j] -= back[m + 1] * back[j] + x[m + 1] * x[j]
        first -= 1
        r = rows[first:]
        r[0] = 2.0 * c[m + 2]
        u, w = back[len(x) - 2 - m :], x[len(x) - 2 - m :]
        start, end, below = 0.0, 0.0, 0.0
        for i in range(m + 2):
            start += u[i] * a[i]
            end += w[i] * a[i]
            below += r[i] * a[i]
        for i in range(m + 2):
            g[i] += k * turned_g[i] - u[i] * start - w[i] * end
        g[m + 2] = below
    return -a[1 : order + 1]


@kernel
def _autocorrelation(x: Samples, lags: int) -> Samples:
    size = 1
    while size < len(x) + lags:
        size *= 2
    spectrum = np.fft.rfft(x, size)
    return np.fft.irfft(spectrum.real**2 + spectrum.imag**2 + 0.0j, size)[:lags]


@kernel
def burg(x: Samples, order: int) -> Samples:
    """Coefficients ``[order]`` such that sample n is about Σ coefficients[i] x[n - 1 - i]; zeros for silence.

    ``x`` is float64, longer than ``order``. For a thread that may allocate.
    """
    c = _autocorrelation(x, order + 1)
    if not c[0] > 0.0:
        return np.zeros(order)
    c[0] *= 1.0 + _NOISE
    return _recursion(x, c, order)
