"""How far kinds of notes lie apart in a space, and how near their own: the paper's section 3.3."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Latents = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


class Separation(NamedTuple):
    """``compactness``, the less the better, and ``dispersion``, the more the better."""

    compactness: float
    dispersion: float


def standardised(latents: Latents) -> Latents:
    """Every dimension of ``[n, frames, size]`` with mean 0 and deviation 1: its size does not count."""
    spread = latents.std(axis=(0, 1))
    return np.asarray((latents - latents.mean(axis=(0, 1))) / np.maximum(spread, 1e-9), np.float32)


def centres(latents: Latents, labels: Labels) -> Latents:
    """Equation 14: the mean of all frames of every kind, in the order of the labels, ``[kinds, size]``."""
    return np.stack([latents[labels == kind].mean(axis=(0, 1)) for kind in np.unique(labels)])


def compactness_of(latents: Latents, labels: Labels) -> npt.NDArray[np.float64]:
    """Equation 12 for every kind: the mean distance of its frames from its centre, ``[kinds]``."""
    middles = centres(latents, labels)
    return np.array(
        [
            np.linalg.norm(latents[labels == kind] - middle, axis=2).mean()
            for kind, middle in zip(np.unique(labels), middles, strict=True)
        ]
    )


def distances(latents: Latents, labels: Labels) -> npt.NDArray[np.float64]:
    """Between the centres of all kinds, ``[kinds, kinds]``."""
    middles = centres(latents, labels).astype(np.float64)
    return np.asarray(np.linalg.norm(middles[:, None] - middles, axis=2))


def separation_of(latents: Latents, labels: Labels) -> Separation:
    """Equations 12 and 13 for latents ``[n, frames, size]`` with a label a note, on the normalised space."""
    normal = standardised(latents)
    apart = distances(normal, labels)
    pairs = apart[np.triu_indices(len(apart), 1)]
    return Separation(
        float(compactness_of(normal, labels).mean()), float(pairs.mean()) if len(pairs) else 0.0
    )
