"""What the paper's networks came to, in figures: as its figures 7 and 8 show it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.spatial.distance import cdist, pdist

from tsumami.training.loops.paper import PaperRun

_LAST: Final = 1000
"""Epochs whose losses are averaged."""


@dataclass(frozen=True, slots=True)
class PaperFacts:
    """Distances are between sounds, in units of the mean one between training loops."""

    generator_loss: float
    critic_loss: float
    """Over the last epochs, in nats; the critic's is of both its halves."""
    level_db: float
    """Of what is made, against the training loops."""
    apart: float
    """Of made loops from each other, in the mean."""
    near: float
    """Of made loops from the nearest training loop, in the mean."""
    nearest: tuple[int, ...]
    """How many of the made are nearest to each of the training loops."""


def paper_facts(run: PaperRun) -> PaperFacts:
    """Of a training's end."""
    unit = float(pdist(run.loops).mean())
    distances = cdist(run.made, run.loops)
    generator, critic = run.losses[-_LAST:].mean(axis=0)
    level = np.square(run.made).mean() / np.square(run.loops).mean()
    return PaperFacts(
        generator_loss=float(generator),
        critic_loss=float(critic),
        level_db=float(10.0 * np.log10(level)),
        apart=float(pdist(run.made).mean()) / unit,
        near=float(distances.min(axis=1).mean()) / unit,
        nearest=tuple(np.bincount(distances.argmin(axis=1), minlength=len(run.loops)).tolist()),
    )
