"""The synthesizer as a network, x = f_s(v) of equation (8), and how far its sounds are from others.

It is what a model listens to its own answers with: unlike the instrument, it can be asked which way to turn a
parameter.
"""

import math
from typing import Final

import torch
from torch import Tensor, nn

from tsumami.plugins.match.mel import BANDS, FRAMES
from tsumami.training.macros.layers import perceptron

COMPONENTS: Final = 192
"""Of a mel; they hold 99 % of the variance of amsynth's."""
_LAYERS: Final = 3
_MOST_SOUNDS: Final = 6000


class Synthesizer(nn.Module):
    """Positions 0-1 ``[n, parameters]`` to standardised mels ``[n, 64, 80]``.

    A perceptron says how much there is of each of `COMPONENTS` mels, which are the principal components of
    the training's sounds at first and learned from then on. It is given a half and a whole cosine of each
    position too, as parameters that count at the ends of their range or in the middle are common.
    """

    def __init__(self, parameters: int, units: int) -> None:
        super().__init__()
        self.amounts = perceptron(3 * parameters, units, _LAYERS, COMPONENTS)
        self.components = nn.Parameter(torch.zeros(COMPONENTS, BANDS * FRAMES))
        self.mean = nn.Parameter(torch.zeros(BANDS * FRAMES))

    @torch.no_grad()
    def prepare(self, x: Tensor) -> None:
        """Begin with the principal components of ``x`` ``[n, 64, 80]``."""
        sounds = x[torch.randperm(len(x))[:_MOST_SOUNDS].to(x.device)].flatten(1)
        count = min(COMPONENTS, *sounds.shape)
        _, deviations, directions = torch.pca_lowrank(sounds, count)
        self.mean.copy_(sounds.mean(dim=0))
        self.components[:count] = directions.T * deviations[:, None] / math.sqrt(len(sounds))

    def forward(self, values: Tensor) -> Tensor:
        """What positions sound like."""
        turned = math.pi * values
        amounts = self.amounts(torch.cat([values, torch.cos(turned), torch.cos(2.0 * turned)], dim=1))
        return torch.addmm(self.mean, amounts, self.components).view(-1, BANDS, FRAMES)


def heard_error(mel: Tensor, x: Tensor, deviation: Tensor) -> Tensor:
    """About the squared spectral convergence of standardised mels from ``x``, ``[n]``.

    With linear power p in x and p' in ``mel``, SC² = Σ (p' - p)² / Σ p². For small errors p' - p is
    p log(p'/p), so this is the mean of the squared log ratio, weighted by p². Far off, where the ratio is
    above e, it grows with the ratio's logarithm only: what is much too loud must not decide all.
    ``deviation`` of the logarithms is what both were divided by.
    """
    weights = torch.softmax(2.0 * deviation * x.flatten(1), dim=1)
    ratio = deviation * (mel - x).flatten(1)
    return (weights * 2.0 * nn.functional.huber_loss(ratio, torch.zeros_like(ratio), reduction="none")).sum(1)
