"""The paper's model (figure 2): an LSTM that says what it takes each sample for, and a decoder.

    encoder   sample -> LSTM of 10 units -> a distribution over the plane                              (2)
    decoder   point -> 10 ReLU -> sample                                                               (3)

The distribution is a Gaussian with a full covariance, as equation 5 needs it, or, after the paper's outlook,
a mixture of Gaussians. All weights begin as standard normal deviates.
"""

import math
from typing import Final

import torch
from torch import Tensor, nn

from tsumami.engine.groove.divergence import SIZE
from tsumami.training.groove.latent import latent_of, log_prior

UNITS: Final = 10
HIDDEN: Final = 10
DEVIATION: Final = 0.02
"""Of a sample about what the decoder says. The paper tells none; one that is learned grows until the latent
says nothing."""
_LOG_SCALE: Final = math.log(DEVIATION * math.sqrt(2.0 * math.pi))

State = tuple[Tensor, Tensor]


class LstmVae(nn.Module):
    """Encoder and decoder; ``components`` of the latent, 1 being the paper's."""

    def __init__(self, components: int) -> None:
        super().__init__()
        self.components = components
        self.lstm = nn.LSTM(1, UNITS, batch_first=True)
        self.head = nn.Linear(UNITS, SIZE * components)
        self.decoder = nn.Sequential(nn.Linear(2, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))
        for name, weight in self.named_parameters():
            nn.init.zeros_(weight) if "bias" in name else nn.init.normal_(weight)

    def encode(self, beats: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Samples ``[batch, frames]`` to encodings ``[batch, frames, 6 K]``, and the state after them."""
        units, after = self.lstm(beats.unsqueeze(-1), state)
        return self.head(units), after

    def decode(self, points: Tensor) -> Tensor:
        """Points ``[..., 2]`` to samples ``[...]``."""
        return torch.as_tensor(self.decoder(points)).squeeze(-1)

    def restored(self, beats: Tensor, *, sampled: bool = False) -> Tensor:
        """What becomes of beats ``[batch, frames]``: of the means (figure 3) or of samples (figure 5)."""
        latent = latent_of(self.encode(beats)[0])
        if not sampled:
            return (latent.log_weights.exp() * self.decode(latent.means)).sum(dim=-1)
        chosen = torch.distributions.Categorical(logits=latent.log_weights).sample()  # type: ignore[no-untyped-call]
        return self.decode(latent.samples()).gather(-1, chosen.unsqueeze(-1)).squeeze(-1)

    def elbo(self, disturbed: Tensor, clean: Tensor) -> Tensor:
        """Equation 4 a sample, in nats, for what is heard, ``disturbed``, and what is meant, ``clean``.

        The expectation over a mixture is the sum over its components, each with its weight: so it can be
        differentiated in the weights too (stratified sampling; Morningstar et al. 2021).
        """
        latent = latent_of(self.encode(disturbed)[0])
        points = latent.samples()
        off = (clean.unsqueeze(-1) - self.decode(points)) / DEVIATION
        log_likelihood = -0.5 * off.square() - _LOG_SCALE
        value = log_likelihood + log_prior(points) - latent.log_density(points)
        return (latent.log_weights.exp() * value).sum(dim=-1).mean()
