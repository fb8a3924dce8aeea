"""Models that predict a whole preset: continuous parameters as others do, discrete ones as choices."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from tsumami.training.macros.autoencoders import VALUE_VARIANCE
from tsumami.training.macros.flow_models import FlowCoupling
from tsumami.training.macros.heads import ChoiceHead, ChoiceTable
from tsumami.training.macros.layers import Convolutions, Regression
from tsumami.training.macros.synth_model import Batch, Shape, SynthNetwork


class HasHeads(SynthNetwork):
    """A model with heads for the discrete parameters of its table."""

    table: ChoiceTable

    def figures(self, found: Tensor, values: Tensor) -> dict[str, float]:
        """MSEn, and the share of choices that are right."""
        return {**super().figures(found, values), "accuracy": self.table.agreement(found, values)}


class CnnHeads(HasHeads):
    """CNN_heads: the paper's CNN, with a softmax for each discrete parameter beside its regression."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.table = ChoiceTable(shape.choices)
        self.features = Convolutions(shape.channels)
        self.head = Regression(self.features.outputs, shape.units, 2, len(self.table.continuous))
        self.choices = ChoiceHead(self.features.outputs, shape.units, self.table)

    def loss(self, batch: Batch, progress: float) -> dict[str, Tensor]:  # noqa: ARG002 (nothing warms up)
        """``values`` and ``choices``, each per parameter, and their ``total``."""
        continuous, choices = self.table.split(batch.values)
        features = self.features(batch.x)
        terms = {
            "values": nn.functional.mse_loss(self.head(features), continuous) / (2 * VALUE_VARIANCE),
            "choices": self.table.surprise(self.choices(features), choices),
        }
        return {**terms, "total": torch.stack(list(terms.values())).sum()}

    def predict(self, x: Tensor) -> Tensor:
        """Positions 0-1 of all parameters, each discrete one at its likeliest choice."""
        features = self.features(x)
        return self.table.join(self.head(features), self.table.likeliest(self.choices(features)))


class FlowHeads(HasHeads, FlowCoupling):
    """Flow_heads: Flow_coupling over the continuous parameters, given the choices of the discrete ones.

    With v = (c, d), p(v|x) = p(d|x) p(c|d, x): convolutions of their own hear the choices d, and the flow's
    context is d, the preset's own while it is trained, the likeliest when it is asked.
    """

    def __init__(self, shape: Shape) -> None:
        table = ChoiceTable(shape.choices)
        super().__init__(replace(shape, parameters=len(table.continuous), context=sum(table.counts)))
        self.table = table
        self.features = Convolutions(shape.channels // 2)
        self.choices = ChoiceHead(self.features.outputs, shape.units // 2, table)

    def loss(self, batch: Batch, progress: float) -> dict[str, Tensor]:
        """The terms of Flow_coupling, and ``choices``, per parameter."""
        continuous, choices = self.table.split(batch.values)
        terms = super().loss(replace(batch, values=continuous, context=self.table.one_hot(choices)), progress)
        terms["choices"] = self.table.surprise(self.choices(self.features(batch.x)), choices)
        terms["total"] = terms["total"] + terms["choices"]
        return terms

    def predict(self, x: Tensor) -> Tensor:
        """Positions 0-1 of all parameters, each discrete one at its likeliest choice."""
        choices = self.table.likeliest(self.choices(self.features(x)))
        return self.table.join(self.values(self.embed(x), self.table.one_hot(choices)), choices)

    def known(self, values: Tensor) -> tuple[Tensor, Tensor | None]:
        """See `Invertible.known`."""
        continuous, choices = self.table.split(values)
        return continuous, self.table.one_hot(choices)
