"""AE, VAE and WAE of sounds, with a perceptron from the latent to the parameters (paper, 2.1 and 4.2).

All minimise, over the encoder q(z|x), the decoder p(x|z) and the regression p(v|z) of equation (10),

    L = E_q[-log p(x|z)] + β R + E_q[-log p(v|z)],

equation (4) negated, with p(v|z) beside p(x|z). Both likelihoods are normal, up to constants. ``R`` is what
holds the latent: nothing (AE), the Kullback-Leibler divergence of q(z|x) from N(0, I) (VAE), or the maximum
mean discrepancy of q(z) from N(0, I) (WAE, Tolstikhin et al. 2018). β grows from 0 to 1 over the first fifth
of the training. What is predicted is that of the posterior's mean, so one sound has one answer.
"""

import math
from typing import Final

import torch
from torch import Tensor, nn

from tsumami.plugins.match.mel import BANDS, FRAMES
from tsumami.training.macros.layers import Convolutions, Deconvolutions, Regression, perceptron
from tsumami.training.macros.synth_model import Batch, Shape, SynthNetwork

Posterior = tuple[Tensor, Tensor]

SOUND_VARIANCE: Final = 0.05
"""Of p(x|z) about the decoder's mel, as a share of a standardised mel's variance."""

VALUE_VARIANCE: Final = 0.02
"""Of p(v|z) about the regression's positions."""

WARM_UP: Final = 0.2
"""Share of the training over which β grows: 100 of the paper's 500 epochs."""

DISCREPANCY: Final = 1000.0
"""Weight of the maximum mean discrepancy, which is below 1, beside terms that are sums over dimensions."""

_BINS: Final = BANDS * FRAMES
_SMALLEST_LOG_VARIANCE, _LARGEST_LOG_VARIANCE = -10.0, 4.0
_SCALES: Final = (0.2, 0.5, 1.0, 2.0, 5.0)


class AutoEncoder(SynthNetwork):
    """The deterministic autoencoder, and what the others share.

    Half of the channels and units of the baselines are the encoder's, half the decoder's. The latent is as
    wide as the parameters are many.
    """

    stochastic = False

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        units, channels, latents = shape.units // 2, shape.channels // 2, shape.parameters
        features = Convolutions(channels)
        codes = 2 * latents if self.stochastic else latents
        self.encoder = nn.Sequential(features, perceptron(features.outputs, units, 2, codes))
        self.decoder: nn.Module = Deconvolutions(latents + shape.context, units, channels)
        self.regression: nn.Module = Regression(latents, units, 2, shape.parameters)

    def loss(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """``sound``, ``latent`` and ``values``, per bin of a mel, and their ``total``."""
        posterior = self.posterior(batch.x)
        latent, divergence = self.draw(*posterior, batch)
        terms = {
            "latent": divergence * min(1.0, progress / WARM_UP) / _BINS,
            "values": self.value_loss(latent, posterior, batch),
            **self.sound_losses(latent, posterior, batch, progress),
        }
        return {**terms, "total": torch.stack(list(terms.values())).sum()}

    def predict(self, x: Tensor) -> Tensor:
        """Positions 0-1 of the posterior's mean."""
        predicted: Tensor = self.regression(self.embed(x))
        return predicted

    def embed(self, x: Tensor) -> Tensor:
        """The latent ``[n, parameters]`` of a sound: the posterior's mean, transformed as a draw would be."""
        return self.posterior(x)[0]

    def posterior(self, x: Tensor) -> Posterior:
        """Mean and log variance of q(z|x), each ``[n, latents]``."""
        codes = self.encoder(x)
        if not self.stochastic:
            return codes, torch.full_like(codes, -math.inf)
        mean, log_variance = codes.chunk(2, dim=1)
        return mean, log_variance.clamp(_SMALLEST_LOG_VARIANCE, _LARGEST_LOG_VARIANCE)

    def draw(self, mean: Tensor, log_variance: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """A latent for each sound, and R."""
        return mean, mean.new_zeros(())

    def sound_losses(
        self,
        latent: Tensor,
        posterior: Posterior,  # noqa: ARG002
        batch: Batch,
        progress: float,  # noqa: ARG002
    ) -> dict[str, Tensor]:
        """-log p(x|z) of the drawn latent, under ``sound``."""
        return {"sound": sound_error(self.decoder(latent), batch.x)}

    def value_loss(self, latent: Tensor, posterior: Posterior, batch: Batch) -> Tensor:  # noqa: ARG002
        """-log p(v|z) of the drawn latent, weighted as if there were as many parameters as a mel has bins."""
        return nn.functional.mse_loss(self.regression(latent), batch.values) / (2 * VALUE_VARIANCE)


def sound_error(decoded: Tensor, x: Tensor) -> Tensor:
    """-log p(x|z) per bin, up to a constant."""
    return nn.functional.mse_loss(decoded, x) / (2 * SOUND_VARIANCE)


class Vae(AutoEncoder):
    """The variational autoencoder (Kingma and Welling 2014)."""

    stochastic = True

    def draw(self, mean: Tensor, log_variance: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Mean + deviation · noise, and KL of N(mean, variance) from N(0, I), summed over dimensions."""
        latent = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1.0 - log_variance).sum(dim=1)
        return latent, divergence.mean()


class Wae(AutoEncoder):
    """The Wasserstein autoencoder: the latents together, not each for itself, are held to the prior."""

    def draw(self, mean: Tensor, log_variance: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """The mean itself; the discrepancy of the batch from as many draws of the prior."""
        return mean, DISCREPANCY * discrepancy(mean, torch.randn_like(mean))


def discrepancy(first: Tensor, second: Tensor) -> Tensor:
    """Squared maximum mean discrepancy of two samples ``[n, d]``, unbiased: 0 on average if they are alike.

    The kernel is a mean of inverse multiquadratics k(a, b) = c / (c + |a - b|²) with c = 2 d · scale, which
    for normal samples has heavier tails than a Gaussian kernel.
    """
    count, dimensions = first.shape
    scales = [2.0 * dimensions * scale for scale in _SCALES]

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        distance = (a[:, None] - b[None]).square().sum(dim=2)
        return torch.stack([scale / (scale + distance) for scale in scales]).mean(dim=0)

    def within(a: Tensor) -> Tensor:
        return (kernel(a, a).sum() - count) / (count * max(count - 1, 1))

    return within(first) + within(second) - 2.0 * kernel(first, second).mean()
