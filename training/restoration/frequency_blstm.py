"""The frequency BLSTM: six missing frames, bin by bin, up and down the spectrum (section 3.4, equation 10).

    y_f = W_l [f_F(x_1^f); f_B(x_F^f)]

Algorithm 2: x are the frames t to t + 2 and t + 9 to t + 11, six numbers at every bin, and y the frames
t + 3 to t + 8, six numbers as well. The series runs over the 257 bins, once from either end:

    y_for[f]        = f_F{x_f}
    y_back[258 - f] = f_B{x_258-f}
    y[m]            = W_l [y_for[m]; y_back[m]]

Equation 10 leaves x_f itself out of either direction, as one would where x is to be predicted; here it is
given, and the algorithm uses it. There is no filter.
"""

import torch
from torch import Tensor

from tsumami.training.restoration.predictor import Direction, Join, Predictor, Shape
from tsumami.training.restoration.windows import CONTEXT, EDGE, GAP


class FrequencyBlstm(Predictor):
    """Two directions in frequency; each six frames are predicted from three before and three after them."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.upwards = Direction(EDGE, shape.bin_units, GAP)
        self.downwards = Direction(EDGE, shape.bin_units, GAP)
        self.join = Join(GAP)

    def forward(self, frames: Tensor) -> Tensor:
        """See `Predictor`."""
        blocks = frames.unfold(1, EDGE + GAP, GAP)  # [batch, gaps, BINS, 12]
        given = torch.cat([blocks[..., :CONTEXT], blocks[..., -CONTEXT:]], dim=3).flatten(0, 1)
        both = [self.upwards(given), self.downwards(given.flip(1)).flip(1)]
        missing = self.join(torch.cat(both, dim=2))  # [batch x gaps, BINS, 6]
        return torch.as_tensor(missing.transpose(1, 2).reshape(len(frames), -1, frames.shape[2]))
