"""The network that weighs the parts of a continuation, and what it is trained to do.

It looks at the features of a band and its neighbours, window by window, and says by how much the weights
differ from the plain ones, -1 to 1.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from tsumami.engine.restoration.mix_features import FEATURES
from tsumami.engine.restoration.mix_parts import PARTS
from tsumami.training.restoration.mixer_examples import Examples

KERNEL: Final = 3
FARTHEST: Final = 4.0
"""Standard deviations that a feature may be off its mean; farther ones are taken to be so far."""

_SMALLEST: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Gaps:
    """`Examples` as tensors, and the energy of each gap's error with the plain weights."""

    features: Tensor
    plain: Tensor
    products: Tensor
    numbers: Tensor
    errors: Tensor

    @staticmethod
    def of(examples: Examples) -> "Gaps":
        """Of one clip."""
        arrays = examples.features, examples.plain, examples.products, examples.gaps
        features, plain, products, numbers = map(torch.from_numpy, arrays)
        plain = plain[:, :, None].expand(-1, -1, features.shape[-1])
        errors = torch.zeros(int(numbers.max()) + 1)
        gaps = Gaps(features, plain, products, numbers, errors)
        alone = torch.zeros_like(plain)
        alone[:, 0] = 1.0
        errors += torch.minimum(gaps.errors_with(plain), gaps.errors_with(alone))
        return gaps

    def errors_with(self, weights: Tensor) -> Tensor:
        """Energy of each gap's error with ``weights`` ``[windows, PARTS, BANDS]``."""
        whole = torch.cat([weights, -torch.ones_like(weights[:, :1])], dim=1)
        errors = torch.einsum("wib,wijb,wjb->w", whole, self.products, whole)
        return torch.zeros_like(self.errors).index_add(0, self.numbers, errors)


class MixerNetwork(nn.Module):
    """Features ``[windows, FEATURES, BANDS]`` to changes of the weights ``[windows, PARTS, BANDS]``."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mean: Tensor
        self.spread: Tensor
        self.register_buffer("mean", torch.zeros(FEATURES, 1))
        self.register_buffer("spread", torch.ones(FEATURES, 1))
        self.layers = nn.ModuleList(
            [
                nn.Conv1d(FEATURES, channels, KERNEL, padding="same"),
                nn.Conv1d(channels, channels, KERNEL, padding="same"),
                nn.Conv1d(channels, PARTS, 1),
            ]
        )
        for parameter in self.layers[-1].parameters():
            nn.init.zeros_(parameter)

    def standardise(self, features: Tensor) -> None:
        """Take mean and spread from all features there are."""
        self.mean.copy_(features.mean(dim=(0, 2))[:, None])
        self.spread.copy_(features.std(dim=(0, 2))[:, None] + _SMALLEST)

    def forward(self, features: Tensor) -> Tensor:
        """See the class."""
        hidden = ((features - self.mean) / self.spread).clamp(-FARTHEST, FARTHEST)
        for layer in self.layers[:-1]:
            hidden = nn.functional.elu(layer(hidden))
        changes: Tensor = torch.tanh(self.layers[-1](hidden))
        return changes


def loss_of(network: MixerNetwork, gaps: Gaps, regret: float) -> Tensor:
    """Logarithm of the error's share of a clip, in which every gap that became worse counts more.

    What a gap loses against the better of the plain weights and the autoregressions alone counts ``regret``
    times again.
    """
    errors = gaps.errors_with(gaps.plain + network(gaps.features))
    worse = (errors - gaps.errors).clamp(min=0.0)
    return torch.log(errors.sum() + regret * worse.sum())
