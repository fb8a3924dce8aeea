"""Samples between two stretches that are known: what an autoregression finds most likely there."""

import numpy as np
import numpy.typing as npt

from tsumami.engine.jit import kernel

Samples = npt.NDArray[np.float64]

_RIDGE = 1e-12
"""Added to the normal equations' diagonal, as a share of its mean, so that rounding cannot undo them."""


@kernel
def _normal_matrix(filter_: Samples, size: int, rows: int) -> Samples:
    """``AᵀA`` for A_tu = filter[t - u], t below ``rows``, u below ``size`` (at most ``rows``).

    Below and right of an element there is the same one with its last product missing:
    G_uv = G_(u+1)(v+1) + filter[rows-1-u] filter[rows-1-v].
    """
    taps = len(filter_)
    matrix = np.zeros((size, size))
    for v in range(size):
        for t in range(size - 1, min(rows, v + taps)):
            matrix[size - 1, v] += filter_[t - size + 1] * filter_[t - v]
        matrix[v, size - 1] = matrix[size - 1, v]
    for u in range(size - 2, -1, -1):
        for v in range(u, -1, -1):
            matrix[u, v] = matrix[u + 1, v + 1]
            if rows - 1 - v < taps:
                matrix[u, v] += filter_[rows - 1 - u] * filter_[rows - 1 - v]
            matrix[v, u] = matrix[u, v]
    return matrix


def interpolate(before: Samples, after: Samples, frames: int, coefficients: Samples) -> Samples:
    """The ``frames`` samples between ``before`` and ``after`` (Janssen, Veldhuis and Vries 1986).

    They make the squared errors of the autoregression least, over themselves and ``after``; with nothing
    after them they are its extrapolation. ``before`` has the autoregression's order of samples or more. All
    are float64. Costs ``frames`` cubed: for a thousand at most, and not for the audio thread.
    """
    order, rows = len(coefficients), frames + len(after)
    filter_ = np.concatenate([[1.0], -coefficients])
    known = np.concatenate([before[len(before) - order :], np.zeros(frames), after])
    error = np.convolve(known, filter_)[order : order + rows]
    right = np.correlate(np.concatenate([error, np.zeros(order)]), filter_, "valid")[:frames]
    matrix = _normal_matrix(filter_, frames, rows)
    matrix[np.diag_indices(frames)] += _RIDGE * np.trace(matrix) / frames
    return np.asarray(-np.linalg.solve(matrix, right))
