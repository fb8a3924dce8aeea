"""What every model of synth control is: from a sound to the parameters that make it (paper, section 5.1)."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Batch:
    """``n`` sounds.

    ``x`` float32 ``[n, 64, 80]`` are standardised logarithmic mels, ``values`` float32 ``[n, parameters]``
    the positions 0-1 that made them, ``labels`` float32 ``[n, pairs]`` -1, 0 or 1 for each pair of tags.
    ``context`` float32 ``[n, context]`` is what else is known of what made them, nothing by default.
    """

    x: Tensor
    values: Tensor
    labels: Tensor
    context: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a network: what the data demand, then what a budget allows.

    An MLP has layers of ``units``, a convolution ``channels``; autoencoders, which have two networks, take
    half of each for either, as in the paper. A flow has ``steps``, each with hidden layers of ``hidden``.

    ``choices`` has for each parameter the number of its choices, 0 of a continuous one; it is empty where
    all are taken as continuous. ``context`` is the number of a `Batch`'s.
    """

    parameters: int
    pairs: int
    units: int = 2048
    channels: int = 128
    steps: int = 16
    hidden: int = 128
    choices: tuple[int, ...] = ()
    context: int = 0


class Learner(nn.Module, ABC):
    """A module that the one loop (`tsumami.training.macros.fit`) trains."""

    weight_decay = 0.0
    """Of AdamW."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    def prepare(self, x: Tensor, deviation: float) -> None:
        """Look at the training's sounds ``[n, 64, 80]`` once before it begins.

        ``deviation`` of their logarithmic mels is what they have been divided by.
        """

    @abstractmethod
    def loss(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """Terms of the loss by name, each a scalar; ``total`` is to be minimised.

        ``progress`` is the share of the longest training that is over, 0-1.
        """

    @abstractmethod
    def validate(self, batch: Batch) -> dict[str, float]:
        """Figures of held-out sounds by name; the first is the one that is to be low."""


class SynthNetwork(Learner):
    """A learner that can be asked for the parameters of sounds; the base of all models."""

    @abstractmethod
    def predict(self, x: Tensor) -> Tensor:
        """Positions 0-1 ``[n, parameters]`` of standardised mels; the same sound always gives the same."""

    def estimate(self, x: Tensor) -> Tensor:
        """What `predict` begins with, where that takes longer: for the validation of every epoch."""
        return self.predict(x)

    def validate(self, batch: Batch) -> dict[str, float]:
        """See `figures`."""
        return self.figures(self.estimates(batch.x), batch.values)

    def estimates(self, x: Tensor) -> Tensor:
        """`estimate` of any number of sounds."""
        return torch.cat([self.estimate(part) for part in torch.split(x, _AT_ONCE)])

    def figures(self, found: Tensor, values: Tensor) -> dict[str, float]:
        """MSEn: the parameters' squared error over their mean square, as the paper's tables have it."""
        return {"MSEn": float((found - values).square().mean() / values.square().mean())}
