"""The causal encoder: one vector for the timbre and one for the pitch of a note, at every step of it.

Convolutions over frequency and the past go down from 176 bands to 6 places; what is left of a step is weighed
by a gate into running means and deviations, as speaker recognition does (Snyder et al. 2018), from which two
small networks make vectors of length 1. Every sum runs over the past alone, so that the vectors after any
step are those of the note so far.
"""

from typing import Final

import torch
from torch import Tensor, nn

from tsumami.engine.timbre.features import BANDS

FRAMES_PER_STEP: Final = 2
"""Frames of features that go in together, 46 ms."""
CONTEXT: Final = 2
"""Columns of the past that every convolution sees."""
HIDDEN: Final = 256
LEAST_GATE: Final = 1e-3
LEAST_VARIANCE: Final = 1e-5
TIMBRE: Final = 32
"""Numbers of a timbre vector."""
PITCH: Final = 16
"""Numbers of a pitch vector."""

LAYERS: Final = (
    # in, out, (bands, time) of the kernel, (bands, time) of the stride
    (1, 16, (5, CONTEXT + FRAMES_PER_STEP), (2, FRAMES_PER_STEP)),
    (16, 32, (5, CONTEXT + 1), (2, 1)),
    (32, 48, (3, CONTEXT + 1), (2, 1)),
    (48, 64, (3, CONTEXT + 1), (2, 1)),
    (64, 64, (3, CONTEXT + 1), (2, 1)),
)

_HEAD: Final = 128


def places_after(layer: int) -> int:
    """Places along frequency after so many layers."""
    places = BANDS
    for _, _, _, (stride, _) in LAYERS[:layer]:
        places = -(-places // stride)
    return places


class Encoder(nn.Module):
    """Features ``[n, frames, BANDS]`` to ``[n, steps, TIMBRE]`` and ``[n, steps, PITCH]``."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(inside, outside, kernel, stride, (kernel[0] // 2, 0), bias=False)
            for inside, outside, kernel, stride in LAYERS
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(outside) for _, outside, _, _ in LAYERS)
        self.mix = nn.Linear(LAYERS[-1][1] * places_after(len(LAYERS)), HIDDEN)
        self.gate = nn.Linear(HIDDEN, 1)
        self.timbre = _head(TIMBRE)
        self.pitch = _head(PITCH)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """The vectors after every step; frames that fill no step are left out."""
        whole = features.shape[1] // FRAMES_PER_STEP * FRAMES_PER_STEP
        hidden = features[:, :whole].transpose(1, 2).unsqueeze(1)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            hidden = norm(convolution(nn.functional.pad(hidden, (CONTEXT, 0)))).relu()
        return self.vectors(hidden.flatten(1, 2).transpose(1, 2))

    def vectors(self, columns: Tensor) -> tuple[Tensor, Tensor]:
        """From what the convolutions leave of every step, ``[n, steps, channels x places]``."""
        heard = self.mix(columns).relu()
        weights = torch.sigmoid(self.gate(heard)) + LEAST_GATE
        total = weights.cumsum(1)
        mean = (weights * heard).cumsum(1) / total
        variance = (weights * heard**2).cumsum(1) / total - mean**2
        both = torch.cat([mean, variance.clamp_min(LEAST_VARIANCE).sqrt()], dim=2)
        return _unit(self.timbre(both)), _unit(self.pitch(both))

    def change_timbre(self, matrix: Tensor) -> None:
        """Multiply what becomes the timbre vectors by ``[TIMBRE, TIMBRE]`` from now on."""
        last = self.timbre[-1]
        assert isinstance(last, nn.Linear)
        last.weight.copy_(matrix @ last.weight)
        last.bias.copy_(matrix @ last.bias)


def _head(size: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(2 * HIDDEN, _HEAD), nn.ReLU(), nn.Linear(_HEAD, size))


def _unit(vectors: Tensor) -> Tensor:
    return nn.functional.normalize(vectors, dim=-1)
