"""What pitch leaves in timbre vectors, taken out: the directions along which it moves the notes of a timbre.

After the closed form of Belrose et al. (2023), which takes out what a straight line could read of a label
and changes the rest as little as can be. Here the label is the pitch, only what it does within timbres
counts, and only the strongest directions go, so that what tells timbres apart stays.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

DIRECTIONS: Final = 12
"""Of the 32, as many as the validation's presets are found again without."""

_RIDGE: Final = 1e-4
"""Of the mean variance, added to every direction's."""

Labels = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


def erasure_of(vectors: Vectors, timbres: Labels, pitches: Labels, directions: int = DIRECTIONS) -> Vectors:
    """The matrix ``[size, size]`` that takes ``directions`` of the pitch out of vectors ``[n, size]``."""
    centred = (vectors - vectors.mean(axis=0)).astype(np.float64)
    white, coloured = _whitening(centred)
    moved = _within(centred, timbres).T @ _within(np.eye(pitches.max() + 1)[pitches], timbres) / len(vectors)
    strongest = np.linalg.svd(white @ moved)[0][:, :directions]
    erased = np.eye(len(white)) - coloured @ strongest @ strongest.T @ white
    return np.asarray(erased, np.float32)


def _whitening(centred: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The root of the inverse covariance, and of the covariance."""
    variances, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    deviations = np.sqrt(variances.clip(0.0) + _RIDGE * variances.mean())
    return axes / deviations @ axes.T, axes * deviations @ axes.T


def _within(values: npt.NDArray[np.float64], timbres: Labels) -> npt.NDArray[np.float64]:
    """Values ``[n, …]`` less the mean of their timbre."""
    _, rows, counts = np.unique(timbres, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), values.shape[1]))
    np.add.at(sums, rows, values)
    return values - (sums / counts[:, None])[rows]
