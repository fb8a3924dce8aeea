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
"""Levels are 0 for so much under a sine of full scale, to 1."""

_UNITS: Final = 512
_TIMES: Final = 16
_SMALLEST: Final = 1e-12
_SCALE: Final = (4.0 / N_FFT) ** 2
"""Of power: a sine of full scale under a Hann window has a peak of 1."""


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


def levels_at(sounds: Tensor, times: Tensor) -> Tensor:
    """Levels of sounds ``[n, samples]`` at times ``[n, frames]`` in frames, as the decoder makes them."""
    padded = nn.functional.pad(sounds, (N_FFT // 2, max(FRAMES * HOP - sounds.shape[1], 0) + N_FFT))
    places = (times * HOP)[..., None] + torch.arange(N_FFT)
    windowed = padded.gather(1, places.flatten(1)).view(places.shape) * torch.hann_window(N_FFT)
    power = torch.fft.rfft(windowed).abs().square() * _SCALE
    levels: Tensor = 1.0 + 10.0 * (power + _SMALLEST).log10() / RANGE_DB
    return levels.clamp(0.0, 1.0)


def levels_of(sounds: Tensor) -> Tensor:
    """Levels of sounds at all times, ``[n, FRAMES, BINS]``."""
    return levels_at(sounds, torch.arange(FRAMES).expand(len(sounds), -1))
