"""The decoder: the spectrogram of a note from a timbre vector and a pitch vector."""

from typing import Final

import torch
from torch import Tensor, nn

from tsumami.training.timbre.encoder import PITCH, TIMBRE

N_FFT: Final = 1024
HOP: Final = 256
BINS: Final = N_FFT // 2 + 1
FRAMES: Final = 128
"""1.5 s."""
RANGE_DB: Final = 80.0
"""Levels are 0 for so much under the loudest bin of a note, to 1."""

_UNITS: Final = 512
_TIMES: Final = 16
_SMALLEST: Final = 1e-12


class Decoder(nn.Module):
    """Vectors ``[n, TIMBRE]`` and ``[n, PITCH]``, and times ``[n, frames]`` in frames, to levels.

    Every frame is made alone, from the vectors and its time, so that a training may ask for some of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.note = nn.Linear(TIMBRE + PITCH, _UNITS)
        self.time = nn.Linear(_TIMES, _UNITS, bias=False)
        self.layers = nn.ModuleList(nn.Linear(_UNITS, _UNITS) for _ in range(2))
        self.levels = nn.Linear(_UNITS, BINS)

    def forward(self, timbre: Tensor, pitch: Tensor, times: Tensor) -> Tensor:
        """Levels, float32 ``[n, frames, BINS]``, mostly in 0-1."""
        note = self.note(torch.cat([timbre, pitch], dim=1))
        hidden = (note[:, None] + self.time(time_shapes(times))).relu()
        for layer in self.layers:
            hidden = layer(hidden).relu()
        levels: Tensor = self.levels(hidden)
        return levels


def time_shapes(times: Tensor) -> Tensor:
    """Smooth steps over the logarithm of the time in frames, ``[…, 16]``: fine at first, coarse later."""
    places = torch.log2(times.float() + 1.0)[..., None]
    middles = torch.linspace(0.0, float(torch.log2(torch.tensor(FRAMES))), _TIMES)
    return torch.sigmoid(3.0 * (places - middles))


def levels_of(sounds: Tensor) -> Tensor:
    """Levels of sounds ``[n, samples]``, as the decoder makes them, ``[n, FRAMES, BINS]``."""
    whole = nn.functional.pad(sounds, (0, max(FRAMES * HOP - sounds.shape[1], 0)))[:, : FRAMES * HOP]
    window = torch.hann_window(N_FFT)
    spectra = torch.stft(whole, N_FFT, HOP, window=window, pad_mode="constant", return_complex=True)
    levels = 10.0 * (spectra[:, :, :FRAMES].abs().square() + _SMALLEST).log10().transpose(1, 2)
    return (1.0 + (levels - levels.amax((1, 2), keepdim=True)) / RANGE_DB).clamp(0.0, 1.0)
