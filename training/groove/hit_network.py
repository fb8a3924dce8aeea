"""The hit detector's network as torch trains it: what `tsumami.engine.groove.hit_kernels.score` computes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from tsumami.engine.groove.hit_state import HIDDEN, INPUTS, LANES, OUTPUTS
from tsumami.engine.groove.hit_table import HitTable
from tsumami.training.groove.hit_examples import Examples

_BATCH: Final = 4096
_LARGEST_STEP: Final = 3e-3
_OFFSET_WEIGHT: Final = 0.15


class HitNetwork(nn.Sequential):
    """Three layers: band levels of the last 64 ms in, a score and an offset of each lane out."""

    def __init__(self) -> None:
        super().__init__(
            nn.Linear(INPUTS, HIDDEN[0]),
            nn.ReLU(),
            nn.Linear(HIDDEN[0], HIDDEN[1]),
            nn.ReLU(),
            nn.Linear(HIDDEN[1], OUTPUTS),
        )

    def table(self, thresholds: tuple[float, ...], bias_ms: tuple[float, ...]) -> HitTable:
        """The weights as the engine's table."""
        layers = [part for part in self if isinstance(part, nn.Linear)]
        return HitTable(
            tuple(part.weight.detach().numpy().copy() for part in layers),
            tuple(part.bias.detach().numpy().copy() for part in layers),
            thresholds,
            bias_ms,
        )


@dataclass(frozen=True, slots=True)
class Epoch:
    """How training stands after a pass over the examples."""

    number: int
    loss: float


def fit(network: HitNetwork, examples: Examples, epochs: int, seed: int) -> Iterator[Epoch]:
    """Train with Adam and a rate that rises and falls once; yields after every pass."""
    generator = torch.Generator().manual_seed(seed)
    inputs, scores, offsets = map(torch.from_numpy, (examples.inputs, examples.scores, examples.offsets))
    steps = epochs * -(-len(inputs) // _BATCH)
    optimizer = torch.optim.Adam(network.parameters(), _LARGEST_STEP, weight_decay=1e-6)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LARGEST_STEP, total_steps=steps)
    for number in range(epochs):
        total = 0.0
        order = torch.randperm(len(inputs), generator=generator)
        for first in range(0, len(order), _BATCH):
            batch = order[first : first + _BATCH]
            loss = loss_of(network(inputs[batch].float()), scores[batch], offsets[batch])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        yield Epoch(number + 1, total / len(inputs))


def loss_of(outputs: Tensor, scores: Tensor, offsets: Tensor) -> Tensor:
    """Cross-entropy of the scores, and the absolute error of offsets where there is a hit."""
    lanes = len(LANES)
    entropy = nn.functional.binary_cross_entropy_with_logits(outputs[:, :lanes], scores)
    is_hit = ~torch.isnan(offsets)
    off = (outputs[:, lanes:] - torch.nan_to_num(offsets)).abs() * is_hit
    return entropy + _OFFSET_WEIGHT * off.sum() / is_hit.sum().clamp(min=1)


def joined(parts: list[Examples]) -> Examples:
    """Many examples as one."""
    return Examples(
        np.concatenate([part.inputs for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.offsets for part in parts]),
    )
