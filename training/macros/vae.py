"""The variational autoencoder of sounds (paper, sections 2.1 and 4.2): mel spectra to a latent and back.

Convolutions, batch normalisation and ELU as in the paper's CNN. The encoder returns its mean: the public
code of the paper samples even after training, so that one sound gives other parameters each time.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn

from tsumami.plugins.match.mel import BANDS, FRAMES

LATENT: Final = 32
_STAGES: Final = 4
_SHAPE: Final = (BANDS >> _STAGES, FRAMES >> _STAGES)


class Vae(nn.Module):
    """Standardised logarithmic mels ``[n, BANDS, FRAMES]`` ↔ latent ``[n, LATENT]``."""

    def __init__(self, channels: int = 64, kernel: int = 7) -> None:
        super().__init__()
        sizes = [1] + [channels] * _STAGES
        half = kernel // 2
        inner = channels * _SHAPE[0] * _SHAPE[1]
        down: list[nn.Module] = []
        up: list[nn.Module] = []
        for before, after in pairwise(sizes):
            down += [nn.Conv2d(before, after, kernel, 2, half), nn.BatchNorm2d(after), nn.ELU()]
            up = [
                nn.ConvTranspose2d(after, before, kernel, 2, half, 1),
                nn.BatchNorm2d(before),
                nn.ELU(),
                *up,
            ]
        self.encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(inner, 2 * LATENT))
        self.decoder = nn.Sequential(
            nn.Linear(LATENT, inner), nn.ELU(), nn.Unflatten(1, (channels, *_SHAPE)), *up[:-2]
        )

    def posterior(self, mels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of q(z|x), each ``[n, LATENT]``."""
        mean, log_variance = self.encoder(mels[:, None]).chunk(2, dim=1)
        return mean, log_variance.clamp(-10.0, 4.0)

    def loss(self, mels: Tensor, beta: float) -> Tensor:
        """Equation 4, negated, per sound: squared error (variance 1) and ``beta`` times the divergence."""
        mean, log_variance = self.posterior(mels)
        sample = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        error = 0.5 * ((self.decoder(sample)[:, 0] - mels) ** 2).sum(dim=(1, 2))
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1.0 - log_variance).sum(dim=1)
        return torch.mean(error + beta * divergence)


def fit_vae(vae: Vae, mels: Tensor, *, epochs: int, batch: int = 128) -> Iterator[float]:
    """Train with a warm-up of β from 0 to 1 over the first fifth; yields the loss of each step."""
    optimiser = torch.optim.Adam(vae.parameters(), lr=1e-3)
    batch = min(batch, len(mels))
    steps = epochs * (len(mels) // batch)
    vae.train()
    for step in range(steps):
        rows = torch.randint(len(mels), (batch,))
        loss = vae.loss(mels[rows].float(), min(1.0, 5.0 * step / steps))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        yield float(loss.detach())


@torch.inference_mode()
def embed(vae: Vae, mels: Tensor, batch: int = 256) -> Tensor:
    """Posterior means of all sounds, ``[n, LATENT]``."""
    vae.eval()
    return torch.cat([vae.posterior(part.float())[0] for part in torch.split(mels, batch)])
