"""The networks that models are built of: perceptrons, and convolutions over time (paper, section 4.2).

A mel's bands are the channels of the first convolution: all sounds are of one note, so a band means the same
harmonic everywhere, and only time is left to slide along.
"""

from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn

from tsumami.plugins.match.mel import BANDS, FRAMES

KERNEL: Final = 7
STAGES: Final = 5


def frames_after(stages: int) -> int:
    """Frames that are left after so many convolutions of stride 2."""
    return -(-FRAMES >> stages)


def perceptron(inputs: int, units: int, layers: int, outputs: int) -> nn.Sequential:
    """``layers`` hidden layers of ``units`` with ELU, then a linear one."""
    sizes = [inputs, *[units] * layers]
    hidden = [part for pair in pairwise(sizes) for part in (nn.Linear(*pair), nn.ELU())]
    return nn.Sequential(*hidden, nn.Linear(sizes[-1], outputs))


class Convolutions(nn.Sequential):
    """Mels ``[n, 64, 80]`` to features ``[n, outputs]``: five convolutions of stride 2, batch norm."""

    def __init__(self, channels: int, *, residual: bool = False) -> None:
        sizes = [BANDS, *[channels] * STAGES]
        stage = ResidualStage if residual else _stage
        super().__init__(*[stage(*pair) for pair in pairwise(sizes)], nn.Flatten())
        self.outputs = channels * frames_after(STAGES)


def _stage(before: int, after: int) -> nn.Module:
    return nn.Sequential(nn.Conv1d(before, after, KERNEL, 2, KERNEL // 2), nn.BatchNorm1d(after), nn.ELU())


class ResidualStage(nn.Module):
    """A stage whose input goes past it too, at stride 2, as in ResNet (He et al. 2016)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.through = nn.Sequential(
            nn.Conv1d(before, after, KERNEL, 2, KERNEL // 2),
            nn.BatchNorm1d(after),
            nn.ELU(),
            nn.Conv1d(after, after, KERNEL, 1, KERNEL // 2),
            nn.BatchNorm1d(after),
        )
        self.past = nn.Conv1d(before, after, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Half as many frames."""
        return nn.functional.elu(self.through(x) + self.past(x))


class Deconvolutions(nn.Module):
    """A latent ``[n, latents]`` to standardised mels ``[n, 64, 80]``: the mirror of `Convolutions`."""

    def __init__(self, latents: int, units: int, channels: int) -> None:
        super().__init__()
        self.grow = perceptron(latents, units, 2, channels * frames_after(STAGES))
        self.shape = (channels, frames_after(STAGES))
        sizes = [*[channels] * STAGES, BANDS]
        parts: list[nn.Module] = []
        for stage, (before, after) in zip(range(STAGES, 0, -1), pairwise(sizes), strict=True):
            odd = 2 * frames_after(stage) - frames_after(stage - 1)
            parts += [nn.ConvTranspose1d(before, after, KERNEL, 2, KERNEL // 2, 1 - odd)]
            parts += [nn.BatchNorm1d(after), nn.ELU()] if stage > 1 else []
        self.spread = nn.Sequential(nn.ELU(), *parts)

    def forward(self, latent: Tensor) -> Tensor:
        """Mels of latents."""
        return torch.as_tensor(self.spread(self.grow(latent).unflatten(1, self.shape)))


class Regression(nn.Module):
    """Features to positions 0-1 ``[n, parameters]`` by a perceptron and a sigmoid."""

    def __init__(self, inputs: int, units: int, layers: int, parameters: int) -> None:
        super().__init__()
        self.layers = perceptron(inputs, units, layers, parameters)

    def forward(self, features: Tensor) -> Tensor:
        """Positions of features."""
        return torch.sigmoid(self.layers(features))
