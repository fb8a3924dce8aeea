"""Samples between two stretches that are known: what an autoregression finds most likely there.

They make the squared errors of the autoregression least over themselves and what comes after them (Janssen,
Veldhuis and Vries 1986). Their normal equations have the gap's size. Turned round, they have the size of what
comes after, which is smaller: the samples from the gap's beginning on are the extrapolation and what the
errors e add to it, L e, with the autoregression's impulse response h in L_tk = h(t - k). Of all e that lead
to the samples d = H e by which what came differs from the extrapolation, H being the last rows of L, the
least is e = Hᵀ (H Hᵀ)⁻¹ d.

Where the sound changes, no errors of this autoregression explain d well, and those that explain it in full
are too loud. So d may be taken to have noise of another's making in it, of a power v: e = Hᵀ (H Hᵀ + v)⁻¹ d.
"""

import numpy as np
import numpy.typing as npt

from tsumami.engine.jit import summing_kernel
from tsumami.engine.restoration.extrapolation import extrapolate, respond

Samples = npt.NDArray[np.float64]

_RIDGE = 1e-12
"""Added to the diagonal of H Hᵀ, as a share of its mean, so that rounding cannot undo the equations."""


@summing_kernel
def _covariance(response: Samples, first: int) -> Samples:
    """H Hᵀ of the rows from ``first`` on: an element is the one above and left of it, and a product more."""
    size = len(response) - first
    matrix = np.empty((size, size))
    for j in range(size):
        total = 0.0
        for k in range(first + 1):
            total += response[k] * response[k + j]
        matrix[0, j] = total
        matrix[j, 0] = total
    for i in range(1, size):
        for j in range(i, size):
            matrix[i, j] = matrix[i - 1, j - 1] + response[first + i] * response[first + j]
            matrix[j, i] = matrix[i, j]
    return matrix


def interpolate(
    before: Samples,
    after: Samples,
    frames: int,
    coefficients: Samples,
    *,
    added: Samples | None = None,
    doubt: float = _RIDGE,
) -> Samples:
    """The ``frames`` samples between ``before`` and ``after``; see above.

    With nothing after them they are the extrapolation, and what is known to be ``added`` to it, of as many
    samples as both. ``doubt`` is v as a share of the mean of H Hᵀ's diagonal. All are float64. Costs the cube
    of what comes after: for some hundred samples, and not for the audio thread.
    """
    ahead = np.empty(frames + len(after))
    extrapolate(before, coefficients, ahead)
    if added is not None:
        ahead += added
    if not len(after):
        return ahead
    response = np.zeros(len(ahead))
    response[0] = 1.0
    respond(response, coefficients)
    covariance = _covariance(response, frames)
    covariance[np.diag_indices(len(after))] += max(doubt, _RIDGE) * np.trace(covariance) / len(after)
    weights = np.linalg.solve(covariance, after - ahead[frames:])
    errors = np.convolve(np.concatenate([weights[::-1], np.zeros(frames)]), response)[: len(ahead)][::-1]
    added = np.ascontiguousarray(errors)
    respond(added, coefficients)
    return np.asarray((ahead + added)[:frames])
