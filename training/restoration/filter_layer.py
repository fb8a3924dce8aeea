"""The filter that stands before a model, and its reciprocal behind it (the paper, section 3.2, equation 7).

    y = W* f(W x),    W W* = (1, 1, ..., 1)

There is one set of parameters, g: W is exp(g), and W* divides by it. So W is positive, W* is its reciprocal
whatever g is, and the gradient of a loss reaches g through both at once.
"""

from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from tsumami.training.restoration.a_weighting import a_weighting
from tsumami.training.restoration.spectra import frequencies_hz

_LEVEL: Final = 30.0


class BinFilter(nn.Module):
    """A learnable gain for every bin, at first A-weighting times 30.

    Between W and W* magnitudes are then of the size that an LSTM's numbers have, and errors at low
    frequencies, where A-weighting is small, come out of W* less enlarged: the model learns faster.
    A-weighting has no reciprocal at 0 Hz, where it is 0: that bin begins with the gain of the one above it.
    """

    def __init__(self) -> None:
        super().__init__()
        frequencies = frequencies_hz()
        frequencies[0] = frequencies[1]
        logarithm = np.log(_LEVEL * a_weighting(frequencies)).astype(np.float32)
        self.logarithm = nn.Parameter(torch.from_numpy(logarithm))

    @property
    def gains(self) -> Tensor:
        """W, ``[BINS]``."""
        return self.logarithm.exp()

    def forward(self, frames: Tensor) -> Tensor:
        """W x, for frames ``[..., BINS]``."""
        return frames * self.gains

    def inverse(self, frames: Tensor) -> Tensor:
        """W* x, for frames ``[..., BINS]``."""
        return frames / self.gains
