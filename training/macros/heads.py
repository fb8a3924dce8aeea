"""Discrete parameters as what they are: one choice of several, predicted by its probability."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tsumami.engine.errors import ParameterError
from tsumami.training.macros.layers import perceptron


class ChoiceTable:
    """Which parameters of a table are discrete, and what the others and they come to as tensors.

    ``counts`` has for each parameter the number of its choices, 0 for a continuous one. The position of
    choice i of n is i / (n - 1). Raises `ParameterError` when there are not both kinds.
    """

    def __init__(self, counts: Sequence[int]) -> None:
        self.continuous = [row for row, count in enumerate(counts) if not count]
        self.discrete = [row for row, count in enumerate(counts) if count]
        if not (self.discrete and self.continuous):
            raise ParameterError(
                f"parameters must hold discrete and continuous ones for a model with heads, got "
                f"{len(self.discrete)} and {len(self.continuous)}; --parameters all"
            )
        self.counts = [count for count in counts if count]

    def split(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Continuous positions ``[n, P]`` and the nearest choices int64 ``[n, D]`` of ``[n, P + D]``."""
        last = values.new_tensor(self.counts) - 1
        return values[:, self.continuous], (values[:, self.discrete] * last).round().long()

    def join(self, continuous: Tensor, choices: Tensor) -> Tensor:
        """Positions ``[n, P + D]``: what `split` has taken apart."""
        last = continuous.new_tensor(self.counts) - 1
        values = continuous.new_empty(len(continuous), len(self.continuous) + len(self.discrete))
        values[:, self.continuous] = continuous
        values[:, self.discrete] = choices / last
        return values

    def one_hot(self, choices: Tensor) -> Tensor:
        """One-hot vectors of all choices, concatenated, float32 ``[n, C]``."""
        parts = [
            nn.functional.one_hot(column, count)
            for column, count in zip(choices.unbind(dim=1), self.counts, strict=True)
        ]
        return torch.cat(parts, dim=1).float()

    def likeliest(self, logits: Tensor) -> Tensor:
        """Choices int64 ``[n, D]`` of logits ``[n, C]``."""
        return torch.stack([part.argmax(dim=1) for part in torch.split(logits, self.counts, dim=1)], dim=1)

    def agreement(self, predicted: Tensor, values: Tensor) -> float:
        """Share of the choices of positions ``[n, P + D]`` that are those of ``values``."""
        return float((self.split(predicted)[1] == self.split(values)[1]).float().mean())

    def surprise(self, logits: Tensor, choices: Tensor) -> Tensor:
        """-log p(choice), averaged over sounds and discrete parameters."""
        parts = zip(torch.split(logits, self.counts, dim=1), choices.unbind(dim=1), strict=True)
        return torch.stack([nn.functional.cross_entropy(*part) for part in parts]).mean()


class ChoiceHead(nn.Module):
    """Features to the logits ``[n, C]`` of all choices, a softmax for each discrete parameter."""

    def __init__(self, inputs: int, units: int, table: ChoiceTable) -> None:
        super().__init__()
        self.layers = perceptron(inputs, units, 1, sum(table.counts))

    def forward(self, features: Tensor) -> Tensor:
        """Logits of features."""
        logits: Tensor = self.layers(features)
        return logits
