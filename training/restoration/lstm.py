"""The paper's first two models: the next frame of the past ones (sections 3.1 and 3.2, equations 6 and 7).

    y_t = f(x_1^{t-1})    and    y_t = W* f(W x_1^{t-1})

A step of the LSTM is given three frames and predicts the one that follows; what came before them is in its
state.
"""

import torch
from torch import Tensor

from tsumami.training.restoration.filter_layer import BinFilter
from tsumami.training.restoration.predictor import Direction, Predictor, Shape, stacks
from tsumami.training.restoration.spectra import BINS
from tsumami.training.restoration.windows import CONTEXT, EDGE


class Lstm(Predictor):
    """Linear, LSTM, linear (figure 2a). A prediction hears nothing of its own frame and of those after it."""

    span = 1002  # 8 s, the length of the paper's excerpt, as its state lasts on

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.forwards = Direction(CONTEXT * BINS, shape.units, BINS)

    def forward(self, frames: Tensor) -> Tensor:
        """See `Predictor`."""
        steps = stacks(frames)[:, : frames.shape[1] - EDGE]
        return torch.as_tensor(self.forwards(steps))


class FilterLstm(Lstm):
    """The same between a filter and its reciprocal (figure 2b)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.filter = BinFilter()

    def forward(self, frames: Tensor) -> Tensor:
        """See `Predictor`."""
        predicted = super().forward(self.filter(frames))
        return torch.as_tensor(self.filter.inverse(predicted))
