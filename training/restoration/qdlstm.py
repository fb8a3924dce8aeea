"""QDLSTM: the mean of a time-BLSTM and a frequency BLSTM that were trained apart (equation 11)."""

import torch
from torch import Tensor

from tsumami.training.restoration.predictor import Predictor


class Qdlstm(Predictor):
    """y_t,f = (y_t,f of the one + y_t,f of the other) / 2; there is nothing to train."""

    def __init__(self, time: Predictor, frequency: Predictor) -> None:
        super().__init__()
        self.time, self.frequency = time, frequency

    def forward(self, frames: Tensor) -> Tensor:
        """See `Predictor`."""
        return torch.as_tensor((self.time(frames) + self.frequency(frames)) / 2)
