"""The filter time-BLSTM: a frame from all that is before and after it (section 3.3, equations 8 and 9).

    y_t = W* W_l [f_F(W x_1^{t-1}); f_B(W x_N^{t+1})]

Algorithm 1, with n and m from 1 to 30 in a window x of 36 frames:

    y_for[n]       = f_F{x_n, x_n+1, x_n+2}
    y_back[31 - n] = f_B{x_37-n, x_36-n, x_35-n}
    y[m]           = W* W_l [y_for[m]; y_back[m]], which is to be x[m + 3]

so that y[m] hears of x_1 to x_m+2 and of x_m+4 to x_36, and not of x_m+3.
"""

import torch
from torch import Tensor

from tsumami.training.restoration.filter_layer import BinFilter
from tsumami.training.restoration.predictor import Direction, Join, Predictor, Shape, stacks
from tsumami.training.restoration.spectra import BINS
from tsumami.training.restoration.windows import CONTEXT, EDGE


class FilterTimeBlstm(Predictor):
    """Two directions in time between a filter and its reciprocal (figure 2c)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.filter = BinFilter()
        self.forwards = Direction(CONTEXT * BINS, shape.units, BINS)
        self.backwards = Direction(CONTEXT * BINS, shape.units, BINS)
        self.join = Join(BINS)

    def forward(self, frames: Tensor) -> Tensor:
        """See `Predictor`."""
        steps = stacks(self.filter(frames))
        past = self.forwards(steps[:, : frames.shape[1] - EDGE])
        future = self.backwards(steps[:, CONTEXT + 1 :].flip(1)).flip(1)
        return self.filter.inverse(self.join(torch.cat([past, future], dim=2)))
