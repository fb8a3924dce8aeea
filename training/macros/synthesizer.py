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

QUANTITIES: Final = 24
SHAPES: Final = 24
HIDDEN: Final = 128
_LAYERS: Final = 2
_SHAPE_SIZE: Final = 0.3
MOST_EXPONENT: Final = 20.0
"""Of a ratio of powers; beyond it a mel is far off whatever it is."""


class Synthesizer(Learner):
    """Positions 0-1 ``[n, parameters]`` to standardised mels ``[n, 64, 80]``.

    In a sound there are `QUANTITIES` that move, as a level or a cutoff does, each a sum of `SHAPES` over
    time, and `HIDDEN` that stay. A perceptron says from the positions how much of each; another, the same
    for every frame, makes the frame's bands of them. The shapes are learned. They are cosines of time at
    first, half of them of its root, since attacks are early.

    The first perceptron is given a half and a whole cosine of each position too, as parameters that count at
    the ends of their range or in the middle are common.
    """

    deviation: Tensor
    weight_decay = 0.05

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.amounts = perceptron(3 * shape.parameters, shape.units, _LAYERS, QUANTITIES * SHAPES + HIDDEN)
        self.shapes = nn.Parameter(_first_shapes())
        self.enter = nn.Linear(QUANTITIES, HIDDEN)
        self.bands = nn.Sequential(nn.ELU(), nn.Linear(HIDDEN, HIDDEN), nn.ELU(), nn.Linear(HIDDEN, BANDS))
        self.register_buffer("deviation", torch.ones(()))

    @torch.no_grad()
    def prepare(self, x: Tensor, deviation: float) -> None:  # noqa: ARG002
        """Remember how loudness is counted."""
        self.deviation.fill_(deviation)

    def forward(self, values: Tensor) -> Tensor:
        """What positions sound like."""
        turned = math.pi * values
        amounts = self.amounts(torch.cat([values, torch.cos(turned), torch.cos(2.0 * turned)], dim=1))
        moving, still = amounts.split([QUANTITIES * SHAPES, HIDDEN], dim=1)
        quantities = moving.unflatten(1, (QUANTITIES, SHAPES)) @ self.shapes
        entered = self.enter(quantities.transpose(1, 2)) + still[:, None]
        mels: Tensor = self.bands(entered).transpose(1, 2)
        return mels

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
        """How far mels are from ``x``, ``[n]``: two readings of the squared spectral convergence.

        With linear power p in x and p' in ``mel``, SC² = Σ (p' - p)² / Σ p², which is the mean of
        (p'/p - 1)² weighted by p². Of a sound that is much too loud it says little but the loudness, so
        log(1 + SC²) is taken. The other reading is the mean of the squared log ratio, the same for small
        errors, with the same weights; above e it grows with the logarithm only. It also counts what is much
        too quiet.
        """
        weights = torch.softmax(2.0 * self.deviation * x.flatten(1), dim=1)
        ratio = self.deviation * (mel - x).flatten(1)
        error = nn.functional.huber_loss(ratio, torch.zeros_like(ratio), reduction="none")
        convergence = weights * torch.expm1(ratio.clamp(max=MOST_EXPONENT)) ** 2
        return (2.0 * weights * error).sum(dim=1) + torch.log1p(convergence.sum(dim=1))


def _first_shapes() -> Tensor:
    """``[SHAPES, FRAMES]``."""
    time = torch.linspace(0.0, 1.0, FRAMES)
    half = SHAPES // 2
    turns = math.pi * torch.arange(half)[:, None]
    return _SHAPE_SIZE * torch.cat([torch.cos(turns * time), torch.cos(turns * time.sqrt())])
