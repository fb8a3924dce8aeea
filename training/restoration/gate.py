"""The paper's outlook (section 6): weights for every bin and frame, where QDLSTM takes the mean.

    y_t,f = a_t,f y_time_t,f + (1 - a_t,f) y_freq_t,f,    0 < a < 1

A small network over frequency says a, from both predictions and the three frames on either side of t, all as
logarithms, the place of the bin, and, with percussive and harmonic awareness, the masks of `hpss`. It begins
with a = 1/2, which is QDLSTM, and is trained while both models are frozen.
"""

from typing import Final

import torch
from torch import Tensor, nn

from tsumami.training.restoration.hpss import MASKS, harmonic_masks
from tsumami.training.restoration.predictor import Predictor, Shape
from tsumami.training.restoration.spectra import BINS
from tsumami.training.restoration.windows import CONTEXT, EDGE

_KERNEL: Final = 5
_PLAIN: Final = 2 + EDGE + 1
_FLOOR: Final = 1e-4
"""80 dB under a tune's loudest bin."""


class Gate(Predictor):
    """A time-BLSTM and a frequency BLSTM, frozen, and the network that chooses between them."""

    hears_masks = False

    def __init__(self, shape: Shape, time: Predictor, frequency: Predictor) -> None:
        super().__init__()
        self.time, self.frequency = time.requires_grad_(False), frequency.requires_grad_(False)
        inputs = _PLAIN + (MASKS if self.hears_masks else 0)
        last = nn.Conv1d(shape.channels, 1, _KERNEL, padding="same")
        nn.init.zeros_(last.weight)
        if last.bias is not None:
            nn.init.zeros_(last.bias)
        self.network = nn.Sequential(
            nn.Conv1d(inputs, shape.channels, _KERNEL, padding="same"),
            nn.ELU(),
            nn.Conv1d(shape.channels, shape.channels, _KERNEL, padding="same"),
            nn.ELU(),
            last,
        )
        self._places: Tensor
        self.register_buffer("_places", torch.linspace(-1.0, 1.0, BINS)[:, None], persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """See `Predictor`."""
        time, frequency = self.time(frames), self.frequency(frames)
        return torch.lerp(frequency, time, self.weights(frames, time, frequency))

    def weights(self, frames: Tensor, time: Tensor, frequency: Tensor) -> Tensor:
        """a, ``[batch, n - 6, BINS]``, of frames ``[batch, n, BINS]`` and both predictions of the inner."""
        sevens = frames.unfold(1, EDGE + 1, 1)  # [batch, n - 6, BINS, 7]
        around = torch.cat([sevens[..., :CONTEXT], sevens[..., -CONTEXT:]], dim=3)
        inputs = [_log(torch.cat([around, time[..., None], frequency[..., None]], dim=3))]
        inputs.append(self._places.expand(*time.shape, 1))
        if self.hears_masks:
            inputs.append(harmonic_masks(around, (time + frequency) / 2))
        spectra = torch.cat(inputs, dim=3).flatten(0, 1).transpose(1, 2)  # [batch x (n - 6), inputs, BINS]
        return torch.sigmoid(self.network(spectra)).view_as(time)


class HpssGate(Gate):
    """The same, told what is harmonic and what percussive."""

    hears_masks = True


def _log(magnitudes: Tensor) -> Tensor:
    """About -1 to 1 over 80 dB."""
    return (magnitudes.clamp_min(_FLOOR).log10() + 2.0) / 2.0
