"""The flow: an invertible map between parameters and a latent whose first dimensions are the macros.

The paper's Flow_reg (section 4.2) uses an inverse autoregressive flow, which is fast one way only. A knob
needs both: the latent of a preset when it loads, the parameters of a latent while it turns. Affine
coupling layers (RealNVP, Dinh et al. 2017; here zuko's) are closed-form both ways.
"""

import math
from typing import Any, Final

import torch
import zuko
from torch import Tensor, nn

from tsumami.training.macros.layout import CONDITION, MOVED

MARGIN: Final = 0.05
"""Positions 0-1 are mapped to MARGIN … 1 - MARGIN before the logit, so that 0 and 1 stay finite."""

SLOPE: Final = 1e-3
"""Least scale of a coupling layer (zuko's default): log scales are softly held within ±log(SLOPE)."""


class MacroFlow(nn.Module):
    """Parameters 0-1 ``[n, MOVED]`` ↔ latent ``[n, MOVED]``, both given a condition ``[n, CONDITION]``."""

    mean: Tensor
    spread: Tensor

    def __init__(self, layers: int = 8, hidden: int = 128) -> None:
        super().__init__()
        self.couplings: Any = zuko.flows.NICE(
            len(MOVED),
            CONDITION,
            transforms=layers,
            randmask=True,
            hidden_features=(hidden, hidden),
            activation=nn.ELU,
        )
        for coupling in self.layers:
            # The flow begins near the identity.
            last = coupling.hyper[-1]
            nn.init.normal_(last.weight, std=1e-3)
            nn.init.zeros_(last.bias)
        self.register_buffer("mean", torch.zeros(len(MOVED)))
        self.register_buffer("spread", torch.ones(len(MOVED)))

    @property
    def layers(self) -> list[Any]:
        """The coupling layers of zuko, from the parameters to the latent."""
        return list(self.couplings.transform.transforms)

    def fit_range(self, moved: Tensor) -> None:
        """Let the training patches be centred, of variance 1, where the couplings see them."""
        straight = _logit(moved)
        self.mean.copy_(straight.mean(dim=0))
        self.spread.copy_(straight.std(dim=0) + 0.05)

    def encode(self, moved: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Latent, and log |det ∂latent/∂moved| ``[n]`` (equations 5 and 6; the paper's (6) lost its log)."""
        inside = MARGIN + (1.0 - 2.0 * MARGIN) * moved
        straight = (torch.logit(inside) - self.mean) / self.spread
        latent, volume = self.couplings(condition).transform.call_and_ladj(straight)
        per_dimension = -torch.log(inside * (1.0 - inside)) - torch.log(self.spread)
        return latent, volume + per_dimension.sum(dim=1) + moved.shape[1] * math.log(1.0 - 2.0 * MARGIN)

    def decode(self, latent: Tensor, condition: Tensor) -> Tensor:
        """Parameters of a latent; up to 0.056 outside of 0-1, which the exported model clips."""
        straight = self.couplings(condition).transform.inv(latent) * self.spread + self.mean
        return (torch.sigmoid(straight) - MARGIN) / (1.0 - 2.0 * MARGIN)


def _logit(moved: Tensor) -> Tensor:
    return torch.logit(MARGIN + (1.0 - 2.0 * MARGIN) * moved)
