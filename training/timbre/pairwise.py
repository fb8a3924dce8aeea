"""The paper's contrastive loss between frames (section 2.3, equations 7-10) and its total (equation 11)."""

from typing import Final

import numpy as np
import torch
from torch import Tensor

from tsumami.training.timbre.blstm_vae import BlstmVae, exponential_loss
from tsumami.training.timbre.notes import Notes, Rows

WEIGHT: Final = 0.2
"""α and β; from 0.5 on the paper's spectrograms were not restored any more."""

_PAPER_FRAMES: Final = 173
"""Pairs of frames grow by the square of a note's frames and the likelihood by their number, so that shorter
notes need a larger weight for the same balance."""


def mated(notes: Notes, rows: Rows, rng: np.random.Generator) -> Rows:
    """Each of ``rows`` beside a note to compare it with, ``[n, 2]``.

    In equal shares one of the same pitch, one of the same instrument, and any one: of random pairs one in 36
    has the same pitch, too few for a short training to learn from.
    """
    everything = np.zeros(len(notes), np.int64)
    labels = np.stack([notes.notes, notes.timbres, everything])[rng.integers(3, size=len(rows))]
    mates = [rng.choice(np.flatnonzero(some == some[row])) for some, row in zip(labels, rows, strict=True)]
    return np.stack([rows, mates], axis=1)


def contrastive_loss(latents: Tensor, labels: Tensor) -> Tensor:
    """The sum over pairs: neighbours of the batch ``[n, frames, SIZE]``, which is in random order.

    Frames of one sound are drawn together, and those of two sounds together where their labels ``[n]`` are
    the same and apart where they are not.
    """
    first, second = latents[0::2], latents[1::2]
    count = min(len(first), len(second))
    alike = torch.where(labels[0::2][:count] == labels[1::2][:count], 1.0, -1.0)
    within = _within(latents[: 2 * count]).sum()
    return within + (alike * torch.cdist(first[:count], second[:count]).sum((1, 2))).sum()


def total_loss(
    model: BlstmVae, power: Tensor, pitches: Tensor, timbres: Tensor, weight: float
) -> tuple[Tensor, Tensor]:
    """Equation 11 of a batch, a sound's mean, with its negative ELBO alone.

    ``weight`` is α and β for notes of the paper's 173 frames.
    """
    spaces = model.encode(power)
    pitch, timbre = (spaces[name].sample() for name in ("pitch", "timbre"))
    misfit = exponential_loss(power, model.decode(pitch, timbre))
    negative_elbo = (misfit + sum(space.divergence() for space in spaces.values())).mean()
    if not weight:
        return negative_elbo, negative_elbo
    pairs = contrastive_loss(pitch, pitches) + contrastive_loss(timbre, timbres)
    balanced = weight * _PAPER_FRAMES / power.shape[1]
    return negative_elbo + balanced * pairs / len(power), negative_elbo


def _within(latents: Tensor) -> Tensor:
    """Equations 8 and 9: every pair of frames of a sound once, ``[n]``."""
    return 0.5 * torch.cdist(latents, latents).sum((1, 2))
