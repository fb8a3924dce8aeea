"""A differentiable stand-in for the synthesizer: descriptors of a patch, from its parameters."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tsumami.training.macros.descriptors import DESCRIPTORS
from tsumami.training.macros.layout import CONDITION, MOVED
from tsumami.training.macros.physics import DERIVED, derive

_INPUTS: Final = len(MOVED) + CONDITION + DERIVED
_DROPOUT: Final = 0.1
_WEIGHT_DECAY: Final = 0.01
_BLUR: Final = 0.01
"""Standard deviation of what is added to the parameters in training."""

_LEARNING_RATE: Final = 1.5e-3
_FADE: Final = 0.5
"""Share of the steps, at the end, over which the learning rate falls to nothing."""


class _Block(nn.Module):
    """A residual block of two layers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Dropout(_DROPOUT),
            nn.Linear(width, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """``[n, width]`` to the same."""
        return torch.add(x, self.layers(x))


class _Member(nn.Module):
    """One network of the ensemble."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(_INPUTS, width),
            nn.SiLU(),
            *(_Block(width) for _ in range(blocks)),
            nn.SiLU(),
            nn.Linear(width, len(DESCRIPTORS)),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Scaled descriptors ``[n, 9]``."""
        said: Tensor = self.layers(x)
        return said


class Surrogate(nn.Module):
    """Mean of a few residual networks: their errors differ, so a flow finds fewer gaps to slip into."""

    def __init__(self, width: int = 192, blocks: int = 3, members: int = 3) -> None:
        super().__init__()
        self.members = nn.ModuleList(_Member(width, blocks) for _ in range(members))

    def forward(self, moved: Tensor, condition: Tensor) -> Tensor:
        """Descriptors ``[n, 9]`` in standard units of ``moved`` ``[n, MOVED]`` in ``condition``."""
        return self.each(moved, condition).mean(dim=0)

    def each(self, moved: Tensor, condition: Tensor) -> Tensor:
        """What every member says, ``[members, n, 9]``."""
        x = _inputs(moved, condition)
        return torch.stack([member(x) for member in self.members])


def _inputs(moved: Tensor, condition: Tensor) -> Tensor:
    """What a member sees: positions, choices, and what follows from them by the synthesizer's design."""
    return torch.cat([2.0 * moved - 1.0, condition, derive(moved, condition)], dim=1)


def fit_surrogate(
    surrogate: Surrogate, inputs: tuple[Tensor, Tensor], targets: Tensor, *, steps: int, batch: int = 256
) -> Iterator[float]:
    """Train on patches, one step per item; yields the loss.

    A smooth absolute error: the few sounds that defy description should not rule. Every member sees
    batches of its own.
    """
    optimiser = torch.optim.AdamW(surrogate.parameters(), lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    moved, condition = inputs
    count = len(surrogate.members)
    surrogate.train()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = _LEARNING_RATE * min(1.0, (step + 1) / 50, (steps - step) / (_FADE * steps))
        loss = torch.zeros(())
        for member in surrogate.members:
            rows = torch.randint(len(targets), (batch,))
            blurred = moved[rows] + _BLUR * torch.randn(batch, moved.shape[1])
            said = member(_inputs(blurred, condition[rows]))
            loss = loss + nn.functional.smooth_l1_loss(said, targets[rows], beta=0.5) / count
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        yield float(loss.detach())


@torch.inference_mode()
def explained(
    surrogate: Surrogate, inputs: tuple[Tensor, Tensor], targets: Tensor
) -> npt.NDArray[np.float64]:
    """R² of each descriptor on patches that training has not seen, ``[9]``."""
    errors = ((surrogate(*inputs) - targets) ** 2).mean(dim=0)
    return np.asarray((1.0 - errors / (targets.var(dim=0) + 1e-9)).numpy(), np.float64)
