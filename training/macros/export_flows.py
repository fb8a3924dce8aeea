"""Normalizing flows as nodes of an ONNX graph, both ways.

The way back of a step is found as zuko finds it: from zeros, each pass makes another part right. What the
first pass finds depends on no latent, so without a context it is a constant; couplings need one pass more,
autoregressive steps one for every dimension, in a loop.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import zuko
from torch import nn

from tsumami.engine.errors import ModelError
from tsumami.training.macros.export_gradient import Pull, add_affine, add_elu, add_soft_scale, chain
from tsumami.training.macros.export_graph import Array, Graph, array_of
from tsumami.training.macros.flows import LEAST_SCALE, Flow, Positions


class FlowNodes:
    """A flow in a graph, which may be added there forwards and backwards.

    ``context`` ``[1, context]`` is the name of what its steps depend on, empty where they do on nothing.
    """

    def __init__(self, graph: Graph, flow: Flow, context: str = "") -> None:
        self._graph = graph
        self._steps = [_Step(step) for step in flow.steps]
        self._contexts = self._with_context(context) if context else [""] * len(self._steps)

    def forward(self, latent: str) -> tuple[str, Pull]:
        """The image of ``latent``."""
        pulls = []
        for step, context in zip(self._steps, self._contexts, strict=True):
            latent, pull = step.add(self._graph, latent, context)
            pulls.append(pull)
        return latent, chain(pulls)

    def inverse(self, image: str) -> str:
        """What `forward` makes ``image`` of."""
        for step, context in zip(reversed(self._steps), reversed(self._contexts), strict=True):
            image = step.undo(self._graph, image, context)
        return image

    def _with_context(self, context: str) -> list[str]:
        """What the first layer of each step's network has of the context alone; one product for all steps."""
        weights = np.concatenate([step.context_weight for step in self._steps])
        biases = np.concatenate([step.biases[0] for step in self._steps])
        whole = self._graph.affine(context, weights, biases)
        return self._graph.split(whole, [len(step.biases[0]) for step in self._steps])


class _Step:
    """One affine step z' = shift + scale · z, its masks multiplied into its weights."""

    def __init__(self, step: Any) -> None:
        layers: list[Any] = [layer for layer in step.hyper if isinstance(layer, zuko.nn.MaskedLinear)]
        others = [layer for layer in step.hyper if not isinstance(layer, (zuko.nn.MaskedLinear, nn.ELU))]
        if others:
            raise ModelError(f"network of a flow must be perceptrons with ELU, got {others[0]}")
        self.passes: int = step.passes
        self.weights = [array_of(layer.weight * layer.mask) for layer in layers]
        self.biases = [array_of(layer.bias) for layer in layers]
        self.size = len(self.biases[-1]) // 2
        self.context_weight = self.weights[0][:, self.size :]
        first = None if self.context_weight.size else step.meta(None, torch.zeros(1, self.size)).base
        self._first: tuple[Array, Array] | None = first and (array_of(first.shift), array_of(first.scale))

    def add(self, graph: Graph, source: str, context: str) -> tuple[str, Pull]:
        """The image of ``source`` ``[1, size]``."""
        shift, scale, pull_both = self._shift_and_scale(graph, source, context)
        image = graph.node("Add", [graph.node("Mul", [source, scale]), shift])

        def pull(gradient: str) -> str:
            straight = graph.node("Mul", [gradient, scale])
            return graph.node("Add", [straight, pull_both(gradient, graph.node("Mul", [gradient, source]))])

        return image, pull

    def _shift_and_scale(
        self, graph: Graph, source: str, context: str
    ) -> tuple[str, str, Callable[[str, str], str]]:
        """Both at ``source`` ``[1, size]``, or at zeros where it is empty, and what pulls their gradients."""
        first, pulls = context or graph.constant(self.biases[0]), []
        if source:
            seeing = self.weights[0][:, : self.size]
            first = graph.node("Gemm", [source, graph.constant(seeing), first], transB=1)
            pulls.append(lambda gradient: graph.product(gradient, seeing))
        hidden, pull = add_elu(graph, first)
        pulls.append(pull)
        for layer in zip(self.weights[1:-1], self.biases[1:-1], strict=True):
            hidden, pull = add_affine(graph, hidden, *layer)
            hidden, bend = add_elu(graph, hidden)
            pulls += [pull, bend]
        weight, bias = self.weights[-1], self.biases[-1]
        shift, pull_shift = add_affine(graph, hidden, weight[0::2], bias[0::2])
        scale, pull_scale = add_soft_scale(graph, hidden, weight[1::2], bias[1::2], LEAST_SCALE)
        return (
            shift,
            scale,
            lambda by_shift, by_scale: chain(pulls)(
                graph.node("Add", [pull_shift(by_shift), pull_scale(by_scale)])
            ),
        )

    def undo(self, graph: Graph, image: str, context: str) -> str:
        """The way back of ``image``."""

        def again(found: str) -> str:
            shift, scale, _ = self._shift_and_scale(graph, found, context)
            return graph.node("Div", [graph.node("Sub", [image, shift]), scale])

        if self._first is None:
            found = again("")
        else:
            shift, scale = self._first
            found = graph.scaled(image, 1.0 / scale, -shift / scale)
        if self.passes == 2:
            return again(found)
        (found,) = graph.repeat(self.passes - 1, [(found, self.size)], lambda _, values: [again(*values)])
        return found


def add_reals(graph: Graph, positions: str) -> str:
    """Real numbers of positions, which are held within 0-1."""
    share = graph.scaled(graph.clip(positions), 1.0 - 2.0 * Positions.MARGIN, Positions.MARGIN)
    rest = graph.node("Sub", [graph.constant(1.0), share])
    return graph.node("Log", [graph.node("Div", [share, rest])])
