"""Normalizing flows (paper, section 2.2): invertible maps of which the log-determinant is known.

Each is a chain of affine steps z' = shift + scale · z, whose shift and scale a masked network (MADE) makes
of z itself. The change of variables (5) holds for every step, and (6), which has lost its log in the text,
for the chain:

    log q(z_T) = log q(z_0) - Σ log|det ∂f_t / ∂z_(t-1)|.

Scales are held within 1/4 and 4 a step, so that the way back loses little of float32.
"""

import math
from functools import partial
from typing import Any, Final

import torch
import zuko
from torch import Tensor, nn

LEAST_SCALE: Final = 0.25
_FIRST_WEIGHTS: Final = 1e-2


class Flow(nn.Module):
    """A chain of steps over ``dimensions``, near the identity at first.

    A step computes ``passes`` parts one after the other when it is undone, and all at once when it is done.
    With a ``context`` of so many numbers, what a step does depends on them too.
    """

    def __init__(
        self, dimensions: int, steps: int, hidden: int, passes: int | None, context: int = 0
    ) -> None:
        super().__init__()
        make_step: Any = zuko.flows.MaskedAutoregressiveTransform
        self.steps = nn.ModuleList(
            make_step(
                dimensions,
                context,
                passes=passes,
                order=_order(dimensions, number, is_split=passes is not None),
                univariate=partial(zuko.transforms.MonotonicAffineTransform, slope=LEAST_SCALE),
                shapes=((), ()),
                hidden_features=(hidden, hidden),
                activation=nn.ELU,
            )
            for number in range(steps)
        )
        for step in self.steps:
            *_, last = step.modules()
            for parameter in last.parameters():
                nn.init.normal_(parameter, std=_FIRST_WEIGHTS)

    def forward(self, latent: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The image ``[n, dimensions]`` and log |det ∂image/∂latent| ``[n]``."""
        volume = latent.new_zeros(len(latent))
        for step in self.steps:
            latent, added = step(context).call_and_ladj(latent)
            volume = volume + added
        return latent, volume

    def inverse(self, image: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What `forward` has made ``image`` of, and log |det ∂latent/∂image| ``[n]``."""
        volume = image.new_zeros(len(image))
        for step in reversed(self.steps):
            image, added = step(context).inv.call_and_ladj(image)
            volume = volume + added
        return image, volume


class Iaf(Flow):
    """Inverse autoregressive flow (Kingma et al. 2016): one pass forward, a pass a dimension back."""

    def __init__(self, dimensions: int, steps: int, hidden: int) -> None:
        super().__init__(dimensions, steps, hidden, None)


class Coupling(Flow):
    """Affine couplings (Dinh et al. 2017): half is made of the other half; fast in both directions."""

    def __init__(self, dimensions: int, steps: int, hidden: int, context: int = 0) -> None:
        super().__init__(dimensions, steps, hidden, 2, context)


def _order(dimensions: int, number: int, *, is_split: bool) -> Tensor:
    """Every other step sees the dimensions the other way round; each two couplings are split anew."""
    order = torch.arange(dimensions)
    if is_split:
        order = torch.randperm(dimensions, generator=torch.Generator().manual_seed(number // 2))
    return dimensions - 1 - order if number % 2 else order


class Positions(nn.Module):
    """The real line ↔ positions: v = (σ(s) - m) / (1 - 2m), so that 0 and 1 are not infinitely far."""

    MARGIN: Final = 0.05

    def forward(self, real: Tensor) -> Tensor:
        """Positions of real numbers; up to 0.056 outside of 0-1."""
        return (torch.sigmoid(real) - self.MARGIN) / (1.0 - 2.0 * self.MARGIN)

    def inverse(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Real numbers of positions 0-1 ``[n, parameters]``, and log |det ∂real/∂positions| ``[n]``."""
        inside = self.MARGIN + (1.0 - 2.0 * self.MARGIN) * positions
        volume = math.log(1.0 - 2.0 * self.MARGIN) - torch.log(inside * (1.0 - inside))
        return torch.logit(inside), volume.sum(dim=1)


class FlowRegression(nn.Module):
    """p(v|z) of equation (10) as an invertible map between latents and positions of the same number."""

    def __init__(self, flow: Flow) -> None:
        super().__init__()
        self.flow, self.positions = flow, Positions()

    def forward(self, latent: Tensor, context: Tensor | None = None) -> Tensor:
        """Positions of latents, up to 0.056 outside of 0-1."""
        real, _ = self.flow(latent, context)
        found: Tensor = self.positions(real)
        return found

    def inverse(self, positions: Tensor, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Latents of positions 0-1, and log |det ∂latent/∂positions| ``[n]``."""
        real, volume = self.positions.inverse(positions)
        latent, added = self.flow.inverse(real, context)
        return latent, volume + added
