"""The paper's contrastive loss between frames (section 2.3, equations 7-10) and its total (equation 11)."""

from typing import Final

import torch
from torch import Tensor

from tsumami.training.timbre.blstm_vae import BlstmVae, exponential_loss

WEIGHT: Final = 0.2
"""α and β; from 0.5 on the paper's spectrograms were not restored any more."""


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
    """Equation 11 of a batch, a sound's mean, with its negative ELBO alone; ``weight`` is α and β."""
    spaces = model.encode(power)
    pitch, timbre = (spaces[name].sample() for name in ("pitch", "timbre"))
    misfit = exponential_loss(power, model.decode(pitch, timbre))
    negative_elbo = (misfit + sum(space.divergence() for space in spaces.values())).mean()
    if not weight:
        return negative_elbo, negative_elbo
    pairs = contrastive_loss(pitch, pitches) + contrastive_loss(timbre, timbres)
    return negative_elbo + weight * pairs / len(power), negative_elbo


def _within(latents: Tensor) -> Tensor:
    """Equations 8 and 9: every pair of frames of a sound once, ``[n]``."""
    return 0.5 * torch.cdist(latents, latents).sum((1, 2))
