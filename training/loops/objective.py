"""What generator and critic of loops are trained to do."""

from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from tsumami.engine.loops.wishes import DENSITY
from tsumami.training.loops.networks import Critic
from tsumami.training.loops.variants import Variant

LAZY: Final = 4
"""The critic's slope is looked at every so many steps, for so much more (Karras et al. 2020)."""
_WISHED: Final = 20.0
"""How much a wish that is not fulfilled counts in the energy distance, against the loop."""
_COUNTED: Final = 20.0
"""How much a density that is not kept counts."""


def critic_loss(
    critic: Critic, variant: Variant, true: Tensor, made: Tensor, wishes: Tensor, *, is_sloped: bool
) -> Tensor:
    """To tell the true from the made, both for the same wishes; ``is_sloped`` with the penalty of R1."""
    sees_slope = is_sloped and variant.r1 > 0.0
    true = true.detach().requires_grad_(sees_slope)
    for_true, for_made = critic(true, wishes), critic(made.detach(), wishes)
    if variant.is_spectral:
        return relu(1.0 - for_true).mean() + relu(1.0 + for_made).mean()
    loss = softplus(-for_true).mean() + softplus(for_made).mean()
    if sees_slope:
        (slope,) = torch.autograd.grad(for_true.sum(), true, create_graph=True)
        loss = loss + 0.5 * variant.r1 * LAZY * slope.square().sum(dim=(1, 2)).mean()
    return loss


def generator_loss(critic: Critic, variant: Variant, true: Tensor, made: Tensor, wishes: Tensor) -> Tensor:
    """To be taken for true, and to be spread as what is true for these wishes."""
    numbers = critic(made, wishes)
    loss = -numbers.mean() if variant.is_spectral else softplus(-numbers).mean()
    if variant.energy > 0.0:
        told = _WISHED * wishes
        loss = loss + variant.energy * energy_distance(_joint(true, told), _joint(made, told))
        # A density is counted, so it need not be found out by way of the critic.
        off = made[:, -1].mean(dim=1) - wishes[:, DENSITY]
        loss = loss + _COUNTED * off.square().mean()
    return loss


def _joint(weights: Tensor, told: Tensor) -> Tensor:
    return torch.cat([weights.flatten(1), told], dim=1)


def energy_distance(first: Tensor, second: Tensor) -> Tensor:
    """Of two samples ``[n, size]``, without the bias of few: 0 in the mean where they are of one kind."""
    return 2.0 * _between(first, second).mean() - _within(first) - _within(second)


def _within(sample: Tensor) -> Tensor:
    return _between(sample, sample).sum() / (len(sample) * (len(sample) - 1))


def _between(first: Tensor, second: Tensor) -> Tensor:
    # The root's slope at 0 is infinite, and every member is 0 away from itself.
    squares = first.square().sum(dim=1)[:, None] + second.square().sum(dim=1) - 2.0 * first @ second.T
    return torch.sqrt(squares.clamp(min=0.0) + 1e-6)
