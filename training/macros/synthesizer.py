"""The synthesizer as a network, x = f_s(v) of equation (8).

It is what a model listens to its own answers with: unlike the instrument, it can be asked which way to turn a
parameter.
"""

import math
from typing import Final

import torch
from torch import Tensor, nn

from tsumami.plugins.match.mel import BANDS, FRAMES
from tsumami.training.macros.layers import perceptron
from tsumami.training.macros.synth_model import Batch, Learner, Shape

COMPONENTS: Final = 192
"""Of a mel; they hold 99 % of the variance of amsynth's."""
_LAYERS: Final = 3
_MOST_SOUNDS: Final = 6000


class Synthesizer(Learner):
    """Positions 0-1 ``[n, parameters]`` to standardised mels ``[n, 64, 80]``.

    A perceptron says how much there is of each of `COMPONENTS` mels, which are the principal components of
    the training's sounds at first and learned from then on. It is given a half and a whole cosine of each
    position too, as parameters that count at the ends of their range or in the middle are common.
    """

    deviation: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.amounts = perceptron(3 * shape.parameters, shape.units, _LAYERS, COMPONENTS)
        self.components = nn.Parameter(torch.zeros(COMPONENTS, BANDS * FRAMES))
        self.mean = nn.Parameter(torch.zeros(BANDS * FRAMES))
        self.register_buffer("deviation", torch.ones(()))

    @torch.no_grad()
    def prepare(self, x: Tensor, deviation: float) -> None:
        """Begin with the principal components of ``x``."""
        self.deviation.fill_(deviation)
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

    def loss(self, batch: Batch, progress: float) -> dict[str, Tensor]:  # noqa: ARG002 (nothing warms up)
        """``mel``, the squared error, and ``heard``, and their ``total``."""
        played = self(batch.values)
        terms = {
            "mel": nn.functional.mse_loss(played, batch.x),
            "heard": self.heard_error(played, batch.x).mean(),
        }
        return {**terms, "total": terms["mel"] + terms["heard"]}

    def validate(self, batch: Batch) -> dict[str, float]:
        """The mean `heard_error`."""
        return {"heard": float(self.heard_error(self(batch.values), batch.x).mean())}

    def heard_error(self, mel: Tensor, x: Tensor) -> Tensor:
        """About the squared spectral convergence of standardised mels from ``x``, ``[n]``.

        With linear power p in x and p' in ``mel``, SC² = Σ (p' - p)² / Σ p². For small errors p' - p is
        p log(p'/p), so this is the mean of the squared log ratio, weighted by p². Far off, where the ratio is
        above e, it grows with the ratio's logarithm only: what is much too loud must not decide all.
        """
        weights = torch.softmax(2.0 * self.deviation * x.flatten(1), dim=1)
        ratio = self.deviation * (mel - x).flatten(1)
        error = nn.functional.huber_loss(ratio, torch.zeros_like(ratio), reduction="none")
        return (2.0 * weights * error).sum(dim=1)
