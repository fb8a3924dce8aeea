"""How good made loops are: as varied as true ones, as near to them, and not the same.

All take features ``[n, size]``, see `tsumami.training.loops.features`.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist, jensenshannon
from sklearn.cluster import KMeans

Array = npt.NDArray[np.float32]

NEIGHBOURS: Final = 5
BINS: Final = 20
_SIGNIFICANT: Final = 1.96
"""Deviations beyond which two shares differ, at 5 %."""


def memorised(made: Array, learned: Array) -> float:
    """Share of the made whose nearest learned loop is half as far as that one's own nearest neighbour."""
    own = cdist(learned, learned)
    np.fill_diagonal(own, np.inf)
    apart = own.min(axis=1)
    distances = cdist(made, learned)
    nearest = distances.argmin(axis=1)
    return float((distances.min(axis=1) < 0.5 * apart[nearest]).mean())


def density_and_coverage(made: Array, true: Array) -> tuple[float, float]:
    """Naeem et al. 2020: how deep the made lie among the true, and the share of the true with one near."""
    own = cdist(true, true)
    np.fill_diagonal(own, np.inf)
    radii = np.sort(own, axis=1)[:, NEIGHBOURS - 1]
    is_near = cdist(true, made) < radii[:, None]
    return float(is_near.sum() / (NEIGHBOURS * len(made))), float(is_near.any(axis=1).mean())


def bins_apart(made: Array, learned: Array, seed: int = 0) -> tuple[float, float]:
    """Share of bins that differ (NDB/K, Richardson and Weiss 2018), and the divergence of all in bits.

    That is Jensen and Shannon's; bins are the clusters of what was learned from.
    """
    clusters = KMeans(min(BINS, len(learned)), random_state=seed).fit(learned)
    count = clusters.n_clusters
    labels = clusters.predict(learned), clusters.predict(made)
    shares = [np.bincount(some, minlength=count) / len(some) for some in labels]
    pooled = (shares[0] * len(learned) + shares[1] * len(made)) / (len(learned) + len(made))
    spread = np.sqrt(pooled * (1 - pooled) * (1 / len(learned) + 1 / len(made)))
    differs = np.abs(shares[0] - shares[1]) > _SIGNIFICANT * np.maximum(spread, 1e-12)
    return float(differs.mean()), float(jensenshannon(*shares, base=2.0) ** 2)


def vendi(made: Array, scale: float) -> float:
    """Friedman and Dieng 2023: how many different loops these are worth.

    Likeness falls with the squared distance in units of ``scale``: the middle distance between true ones.
    """
    kernel = np.exp(-2.0 * np.square(cdist(made, made) / scale)) / len(made)
    values = np.linalg.eigvalsh(kernel)
    values = values[values > 1e-12]
    return float(np.exp(-(values * np.log(values)).sum()))


def middle_distance(true: Array) -> float:
    """Between true loops."""
    return float(np.median(cdist(true, true)[np.triu_indices(len(true), 1)]))
