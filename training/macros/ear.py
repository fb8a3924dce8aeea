"""A stand-in for an instrument and an ear: what sounds are like, from the parameters that make them."""

from typing import Final

import torch
from torch import Tensor, nn

from tsumami.training.macros.descriptors import DESCRIPTORS

MEMBERS: Final = 3

_WIDTH: Final = 128
_DROPOUT: Final = 0.1
_WEIGHT_DECAY: Final = 0.01
_BLUR: Final = 0.01
_LEARNING_RATE: Final = 2e-3
_BATCH: Final = 256
_WARM_UP: Final = 50
_FADE: Final = 0.5


class _Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(_WIDTH),
            nn.Linear(_WIDTH, _WIDTH),
            nn.SiLU(),
            nn.Dropout(_DROPOUT),
            nn.Linear(_WIDTH, _WIDTH),
        )

    def forward(self, x: Tensor) -> Tensor:
        """``[n, width]`` to the same."""
        return torch.add(x, self.layers(x))


class Ear(nn.Module):
    """A few networks: where they disagree, nobody knows.

    From positions 0-1 ``[n, P]`` and context ``[n, C]`` to descriptors in standard units.
    """

    def __init__(self, parameters: int, context: int) -> None:
        super().__init__()
        self.members = nn.ModuleList(
            nn.Sequential(
                nn.Linear(parameters + context, _WIDTH),
                nn.SiLU(),
                _Block(),
                _Block(),
                nn.SiLU(),
                nn.Linear(_WIDTH, len(DESCRIPTORS)),
            )
            for _ in range(MEMBERS)
        )

    def forward(self, positions: Tensor, context: Tensor) -> Tensor:
        """What each member hears, ``[members, n, 9]``."""
        x = torch.cat([2.0 * positions - 1.0, context], dim=1)
        return torch.stack([member(x) for member in self.members])


def train_ear(positions: Tensor, context: Tensor, units: Tensor, steps: int) -> Ear:
    """An ear for sounds whose descriptors are ``units`` ``[n, 9]``; every member learns from its own batches.

    The absolute error is smooth: the few sounds that defy description should not rule.
    """
    ear = Ear(positions.shape[1], context.shape[1])
    optimiser = torch.optim.AdamW(ear.parameters(), lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    for step in range(steps):
        share = min(1.0, (step + 1) / _WARM_UP, (steps - step) / (_FADE * steps))
        for group in optimiser.param_groups:
            group["lr"] = _LEARNING_RATE * share
        losses = []
        for member in ear.members:
            rows = torch.randint(len(units), (_BATCH,))
            blurred = positions[rows] + _BLUR * torch.randn(_BATCH, positions.shape[1])
            said = member(torch.cat([2.0 * blurred - 1.0, context[rows]], dim=1))
            losses.append(nn.functional.smooth_l1_loss(said, units[rows], beta=0.5))
        optimiser.zero_grad()
        torch.stack(losses).mean().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return ear.requires_grad_(False).eval()
