"""Losses that bring vectors of the same kind together and others apart; labels only say same or different."""

from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Tensor

TEMPERATURE: Final = 0.1
MARGIN: Final = 0.3
"""Between squared distances, of 4 at most."""


def supervised_contrastive(vectors: Tensor, labels: Tensor) -> Tensor:
    """Khosla et al. (2020), equation 2: for unit vectors ``[n, size]`` and labels ``[n]``."""
    likeness = vectors @ vectors.T / TEMPERATURE
    others = ~torch.eye(len(labels), dtype=torch.bool)
    alike = (labels[:, None] == labels) & others
    chances = likeness - likeness.masked_fill(~others, -torch.inf).logsumexp(1, keepdim=True)
    counts = alike.sum(1)
    means = (chances * alike).sum(1) / counts.clamp_min(1)
    return -means[counts > 0].mean()


def hardest_triplets(vectors: Tensor, labels: Tensor) -> Tensor:
    """Triplets of every vector with the farthest of its kind and the nearest other (Hermans et al. 2017)."""
    distances = 2.0 - 2.0 * vectors @ vectors.T
    alike = labels[:, None] == labels
    farthest = distances.masked_fill(~alike, -torch.inf).amax(1)
    nearest = distances.masked_fill(alike, torch.inf).amin(1)
    return (farthest - nearest + MARGIN).relu().mean()


LOSSES: Final[Mapping[str, Callable[[Tensor, Tensor], Tensor]]] = {
    "contrastive": supervised_contrastive,
    "triplet": hardest_triplets,
}
