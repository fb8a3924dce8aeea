"""A generator that draws, trained so that the loops that were learned are likely (Kingma and Welling 2014).

An encoder says where a loop may lie in the latent space; from there the generator has to find each of its
steps again. How much the places may tell is bounded, or they would tell all loops apart and nothing would be
learned of what lies between them, which is where new loops are made.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from tsumami.engine.loops.assembly import STEPS
from tsumami.engine.loops.wishes import DENSITY, WISHES
from tsumami.training.loops.average import Averaged
from tsumami.training.loops.drawn import DrawnGenerator
from tsumami.training.loops.networks import LATENTS, RESTS, WIDTH, RoundConv
from tsumami.training.loops.vocabulary import Vocabulary, ones_of

_TOLD_NATS: Final = 8.0
"""That a place tells of a loop without cost …"""
_TOO_MUCH: Final = 4.0
"""… and what each one beyond costs."""
_DENSITY: Final = 400.0
_BRIGHTNESS: Final = 60.0
"""How much wishes count that are not kept, squared: in shares of the steps, and in octaves."""


class Encoder(nn.Module):
    """From the numbers of sounds ``[n, STEPS]`` and wishes to a normal distribution of places.

    That is its middles and the logarithms of its variances, ``[n, LATENTS]`` each.
    """

    def __init__(self, sounds: int) -> None:
        super().__init__()
        self.known = nn.Embedding(sounds, WIDTH)
        self.told = nn.Linear(WISHES, WIDTH)
        self.layers = nn.ModuleList(RoundConv() for _ in range(2))
        self.end = nn.Linear(WIDTH * STEPS, 2 * LATENTS)

    def forward(self, chosen: Tensor, wishes: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        x = self.known(chosen).transpose(1, 2) + self.told(wishes)[:, :, None]
        for layer in self.layers:
            x = x + layer(torch.relu(x))
        middles, variances = self.end(torch.relu(x).flatten(1)).chunk(2, dim=1)
        return middles, variances


class Likely(Averaged):
    """The generator and its encoder."""

    generator: DrawnGenerator

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__(DrawnGenerator(vocabulary.sounds))
        self.encoder = Encoder(len(vocabulary.sounds))
        self._vocabulary = vocabulary

    def loss(self, true: Tensor, wishes: Tensor) -> Tensor:
        """Of loops and the wishes that they fulfil."""
        chosen = self._vocabulary.chosen(true, wishes)
        middles, variances = self.encoder(chosen, wishes)
        places = middles + torch.exp(0.5 * variances) * torch.randn_like(middles)
        missed = STEPS * cross_entropy(self.generator.odds(places, wishes), chosen)
        told = 0.5 * (middles.square() + variances.exp() - 1.0 - variances).sum(dim=1).mean()
        too_much = torch.relu(told - _TOLD_NATS)
        return missed + _TOO_MUCH * too_much + self._unkept(chosen, wishes)

    def _unkept(self, chosen: Tensor, wishes: Tensor) -> Tensor:
        """How far off the wishes loops are in the mean, wherever they lie."""
        odds = self.generator.odds(torch.randn(len(wishes), LATENTS), wishes)
        shares = torch.softmax(odds, dim=1)
        densities = 1.0 - shares[:, list(RESTS)].sum(dim=1).mean(dim=1)
        octaves, true = self._vocabulary.octaves(shares), self._vocabulary.octaves(ones_of(chosen))
        of_density = (densities - wishes[:, DENSITY]).square().mean()
        return _DENSITY * of_density + _BRIGHTNESS * (octaves - true).square().mean()
