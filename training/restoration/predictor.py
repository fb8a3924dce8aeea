"""What every model of restoration is: from the frames around to the frames between.

The paper's LSTM is that of Gers et al. (1999), which has the forget gate and no peepholes, and is torch's:

    (i, f, o, g) = (σ, σ, σ, tanh)(T [x_t; y_{t-1}]),   T: 2n -> 4n                               (2)
    c_t = f * c_{t-1} + i * g                                                                      (3)
    y_t = o * tanh(c_t)                                                                            (4)
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from tsumami.training.restoration.windows import CONTEXT, WINDOW


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a network, which the paper does not tell.

    ``units`` of the LSTMs over time, ``bin_units`` of those over frequency, ``channels`` of a gate.
    """

    units: int
    bin_units: int
    channels: int


class Predictor(nn.Module, ABC):
    """Frames ``[batch, n, BINS]`` to predictions of the inner ones, ``[batch, n - 6, BINS]``.

    ``n`` is at least 12, and ``n - 6`` a multiple of 6. ``span`` is the ``n`` for a whole tune.
    """

    span: ClassVar[int] = WINDOW

    @abstractmethod
    def forward(self, frames: Tensor) -> Tensor:
        """Predict."""


class Direction(nn.Module):
    """A linear layer, an LSTM and a linear layer (figure 2): what the paper calls F-LSTM or B-LSTM."""

    def __init__(self, inputs: int, units: int, outputs: int) -> None:
        super().__init__()
        self.before = nn.Linear(inputs, units)
        self.lstm = nn.LSTM(units, units, batch_first=True)
        self.after = nn.Linear(units, outputs)

    def forward(self, series: Tensor) -> Tensor:
        """A series ``[batch, steps, inputs]`` to ``[batch, steps, outputs]``, from a state of zeros."""
        states, _ = self.lstm(self.before(series))
        return torch.as_tensor(self.after(states))


def stacks(frames: Tensor) -> Tensor:
    """Every three frames in a row as one step: ``[batch, n, BINS]`` to ``[batch, n - 2, 3 BINS]``."""
    return frames.unfold(1, CONTEXT, 1).flatten(2)


class Join(nn.Linear):
    """W_l, which says how the outputs of two directions go together; at first it is their mean."""

    def __init__(self, outputs: int) -> None:
        super().__init__(2 * outputs, outputs)
        with torch.no_grad():
            self.weight.copy_(torch.eye(outputs).repeat(1, 2) / 2)
            self.bias.zero_()
