"""The generator of loops that draws: each step has one sound, by chances that the networks give.

A mix of sounds that could come is a sound that never comes; and where the middle is aimed at, all loops are
alike. So one is drawn. Which one is in the latent: the same latent makes the same loop.
"""

from typing import Final

import torch
from torch import Tensor

from tsumami.engine.loops.assembly import STEPS
from tsumami.training.loops.networks import LATENTS, Generator

COLD: Final = 0.7
"""Temperature at which is drawn: what is unlikely becomes more so."""


class DrawnGenerator(Generator):
    """See `Generator`; latents are ``[n, LATENTS + STEPS]``, a place and each step's lot.

    Its ``sounds`` stay as they are.
    """

    latents = LATENTS + STEPS

    def __init__(self, sounds: Tensor) -> None:
        super().__init__(sounds)
        self.sounds.requires_grad_(False)

    def shares(self, latents: Tensor, wishes: Tensor) -> Tensor:
        """1 for the sound that a step has, 0 for the others, ``[n, sounds, STEPS]``."""
        places, lots = latents[:, :LATENTS], latents[:, LATENTS:]
        return drawn(torch.softmax(self.odds(places, wishes) / COLD, dim=1), dealt(lots))


def dealt(lots: Tensor) -> Tensor:
    """A share of 0-1 for each step ``[n, STEPS]``: the lots by rank, so that every bar has each share once.

    Thrown one by one, a bar could come to many high ones, and so to more sounds than were wished.
    """
    ranks = (lots[:, :, None] > lots[:, None, :]).sum(dim=2)
    return (ranks + 0.5) / STEPS


def drawn(chances: Tensor, shares: Tensor) -> Tensor:
    """1 for the sound at which chances ``[n, sounds, STEPS]``, added up, come to a share ``[n, STEPS]``."""
    are_below = (torch.cumsum(chances, dim=1) < shares[:, None, :]).float()
    before = torch.cat([torch.ones_like(are_below[:, :1]), are_below[:, :-1]], dim=1)
    return before - are_below
