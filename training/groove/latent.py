"""The latent of one sample: a Gaussian, or a mixture of them, in the plane, with full covariances.

A component is six numbers: the logarithm of its weight, up to a constant, its mean (2), and the lower
triangle L of Σ = L Lᵀ: the logarithms of the diagonal (2) and what is under it (1).
"""

import math
from typing import Final, NamedTuple

import torch
from torch import Tensor

from tsumami.engine.groove.divergence import LARGEST_LOG, SIZE

_LOG_TURN: Final = math.log(2.0 * math.pi)


class Latent(NamedTuple):
    """A distribution over the plane for each sample; ``...`` are beats and samples, K components.

    ``log_weights [..., K]``, ``means [..., K, 2]``, ``log_diagonals [..., K, 2]``, ``lower [..., K]``.
    """

    log_weights: Tensor
    means: Tensor
    log_diagonals: Tensor
    lower: Tensor

    def samples(self) -> Tensor:
        """A point of each component, ``[..., K, 2]``, through which gradients flow: μ + L ε (section 3.1)."""
        deviates = torch.randn_like(self.means)
        diagonals = self.log_diagonals.exp()
        first = diagonals[..., 0] * deviates[..., 0]
        second = diagonals[..., 1] * deviates[..., 1] + self.lower * deviates[..., 0]
        return self.means + torch.stack([first, second], dim=-1)

    def log_density(self, points: Tensor) -> Tensor:
        """Of points ``[..., K, 2]``: that of the whole mixture, ``[..., K]``."""
        off = points.unsqueeze(-2) - self.means.unsqueeze(-3)
        scales = (-self.log_diagonals).exp().unsqueeze(-3)
        first = off[..., 0] * scales[..., 0]
        second = (off[..., 1] - self.lower.unsqueeze(-2) * first) * scales[..., 1]
        log_volume = _LOG_TURN + self.log_diagonals.sum(dim=-1).unsqueeze(-2)
        logs = -0.5 * (first.square() + second.square()) - log_volume
        return torch.logsumexp(self.log_weights.unsqueeze(-2) + logs, dim=-1)


def latent_of(numbers: Tensor) -> Latent:
    """What the encoder's ``[..., 6 K]`` stand for."""
    parts = numbers.reshape(*numbers.shape[:-1], -1, SIZE)
    logs = parts[..., 3:5].clamp(-LARGEST_LOG, LARGEST_LOG)
    return Latent(torch.log_softmax(parts[..., 0], dim=-1), parts[..., 1:3], logs, parts[..., 5])


def log_prior(points: Tensor) -> Tensor:
    """The standard normal density of points ``[..., 2]``."""
    return -0.5 * points.square().sum(dim=-1) - _LOG_TURN
