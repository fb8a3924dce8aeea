"""The paper's model (sections 2.1 and 3.2): two recurrent encoders, a decoder, Gaussians frame by frame."""

import math
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

SAMPLE_RATE: Final = 22_050
N_FFT: Final = 1024
HOP: Final = 256
BINS: Final = N_FFT // 2 + 1
SIZE: Final = 16
"""H, numbers of a latent."""

_LAYERS: Final = 3
_DROPOUT: Final = 0.3
_SHARED: Final = 256
_LEAST_POWER: Final = 1e-2
"""Added before the logarithm that the encoders hear, and to the decoder's power; the mean power is 1.

The loudest bins have some 400. With much less than this, the floors of recordings outweigh harmonics in the
logarithm and in the likelihood alike, and no pitch is learned.
"""
_GAIN: Final = 10.0
"""Of the decoder's last layer: Adam's small steps then cross the decades of a power in hundreds of steps."""
_MEAN: Final = math.log(math.e - 1.0)
"""Where softplus is 1."""
_LARGEST_LOG_VARIANCE: Final = 6.0
_SMALLEST: Final = 1e-10


class Posterior(NamedTuple):
    """Of one space: means and logarithms of variances, ``[n, frames, SIZE]``."""

    mean: Tensor
    log_variance: Tensor

    def sample(self) -> Tensor:
        """By the reparametrisation trick."""
        return self.mean + torch.randn_like(self.mean) * (0.5 * self.log_variance).exp()

    def divergence(self) -> Tensor:
        """From the standard normal distribution, in nats, ``[n]``; equation 6's second term."""
        return 0.5 * (self.mean**2 + self.log_variance.exp() - 1.0 - self.log_variance).sum((1, 2))


class BlstmVae(nn.Module):
    """Power spectrograms ``[n, frames, BINS]`` to a pitch and a timbre space and back.

    ``units`` are each direction's of every recurrent layer; the paper has 300. `measure` comes before a
    training: the encoders hear levels of mean 0 and deviation 1, and the decoder begins at the mean spectrum.
    """

    middle: Tensor
    spread: Tensor
    mean_power: Tensor

    def __init__(self, units: int) -> None:
        super().__init__()
        self.pitch, self.timbre = _Recurrent(BINS, units, _LAYERS), _Recurrent(BINS, units, _LAYERS)
        self.shared = nn.Linear(2 * units, _SHARED)
        self.heads = nn.ModuleDict(
            {
                f"{space}_{what}": nn.Linear(_SHARED, SIZE)
                for space in _SPACES
                for what in ("mean", "variance")
            }
        )
        self.decoder = _Recurrent(2 * SIZE, units, 1)
        self.power = nn.Linear(2 * units, BINS)
        nn.init.constant_(self.power.bias, _MEAN / _GAIN)
        self.register_buffer("middle", torch.zeros(()))
        self.register_buffer("spread", torch.ones(()))
        self.register_buffer("mean_power", torch.ones(BINS))

    def measure(self, power: Tensor) -> None:
        """Take the scale of spectrograms ``[n, frames, BINS]`` that are learned from."""
        levels = (power + _LEAST_POWER).log()
        self.middle.copy_(levels.mean())
        self.spread.copy_(levels.std())
        self.mean_power.copy_(power.mean((0, 1)))

    def encode(self, power: Tensor) -> dict[str, Posterior]:
        """The posteriors of both spaces, ``pitch`` and ``timbre``; equation 5."""
        heard = ((power + _LEAST_POWER).log() - self.middle) / self.spread
        return {space: self._posterior(space, heard) for space in _SPACES}

    def decode(self, pitch: Tensor, timbre: Tensor) -> Tensor:
        """The power that latents ``[n, frames, SIZE]`` stand for, the κ of equation 2."""
        hidden = self.decoder(torch.cat([pitch, timbre], dim=2))
        return nn.functional.softplus(_GAIN * self.power(hidden)) * self.mean_power + _LEAST_POWER

    def _posterior(self, space: str, heard: Tensor) -> Posterior:
        encoder = self.pitch if space == "pitch" else self.timbre
        shared = nn.functional.leaky_relu(self.shared(encoder(heard)))
        log_variance = self.heads[f"{space}_variance"](shared)
        return Posterior(self.heads[f"{space}_mean"](shared), log_variance.clamp_max(_LARGEST_LOG_VARIANCE))


_SPACES: Final = ("pitch", "timbre")


class _Recurrent(nn.Module):
    """Bidirectional LSTM layers, each followed by leaky ReLU, with dropout between them."""

    def __init__(self, inside: int, units: int, layers: int) -> None:
        super().__init__()
        sizes = [inside, *[2 * units] * (layers - 1)]
        self.layers = nn.ModuleList(
            nn.LSTM(size, units, batch_first=True, bidirectional=True) for size in sizes
        )
        self.dropout = nn.Dropout(_DROPOUT if layers > 1 else 0.0)

    def forward(self, series: Tensor) -> Tensor:
        for layer in self.layers:
            series = self.dropout(nn.functional.leaky_relu(layer(series)[0]))
        return series


def exponential_loss(power: Tensor, decoded: Tensor) -> Tensor:
    """Negative log-likelihood of equation 3, ``[n]``."""
    return (decoded.log() + power / decoded).sum((1, 2))


def powers_of(sounds: Tensor, seconds: float) -> Tensor:
    """Power spectrograms of sounds ``[n, samples]``, of mean power 1, ``[n, frames, BINS]``."""
    frames = round(seconds * SAMPLE_RATE) // HOP + 1
    window = torch.hann_window(N_FFT)
    spectra = torch.stft(sounds, N_FFT, HOP, window=window, pad_mode="constant", return_complex=True)
    power = spectra[:, :, :frames].abs().square().transpose(1, 2)
    return power / power.mean((1, 2), keepdim=True).clamp_min(_SMALLEST)
