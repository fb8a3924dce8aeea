"""Networks and flows as nodes of an ONNX graph that can be pulled back: gradients without torch.

What is added returns its output and a `Pull`, which adds the product of a gradient with its Jacobian: from
the gradient of a number by the output, the gradient by the input.
"""

import math
from collections.abc import Callable, Iterable
from functools import reduce

from onnx import TensorProto
from torch import nn

from tsumami.engine.errors import ModelError
from tsumami.training.macros.export_graph import Array, Graph, array_of
from tsumami.training.macros.flows import Positions

Pull = Callable[[str], str]


def chain(pulls: Iterable[Pull]) -> Pull:
    """The pull of what was added one after the other, first to last."""
    kept = list(pulls)
    return lambda gradient: reduce(lambda found, pull: pull(found), reversed(kept), gradient)


def add_affine(graph: Graph, source: str, weight: Array, bias: Array) -> tuple[str, Pull]:
    """``source @ weight.T + bias``."""
    return graph.affine(source, weight, bias), lambda gradient: graph.product(gradient, weight)


def add_elu(graph: Graph, source: str) -> tuple[str, Pull]:
    """ELU, of which the slope below 0 is its value and 1."""
    output = graph.node("Elu", [source])

    def pull(gradient: str) -> str:
        below = graph.node("Min", [output, graph.constant(0.0)])
        return graph.node("Mul", [gradient, graph.node("Add", [below, graph.constant(1.0)])])

    return output, pull


def add_perceptron(graph: Graph, layers: nn.Sequential, source: str) -> tuple[str, Pull]:
    """Linear layers and ELU. Raises `ModelError` for another layer."""
    pulls = []
    for layer in layers:
        match layer:
            case nn.Linear():
                source, pull = add_affine(graph, source, array_of(layer.weight), array_of(layer.bias))
            case nn.ELU():
                source, pull = add_elu(graph, source)
            case _:
                raise ModelError(f"layers of a synthesizer must be Linear or ELU, got {type(layer).__name__}")
        pulls.append(pull)
    return source, chain(pulls)


def add_soft_scale(graph: Graph, source: str, weight: Array, bias: Array, least: float) -> tuple[str, Pull]:
    """The scales that zuko makes of logarithms ``raw = affine(source)``, within ``least`` and 1 / least.

    They are exp(raw / (1 + |raw / log least|)), which is (1 / least) ** softsign(raw / -log least): ONNX
    Runtime makes one node of the product and the softsign.
    """
    bound = -math.log(least)
    raw, pull_raw = add_affine(graph, source, weight / bound, bias / bound)
    share = graph.node("Softsign", [raw])
    scale = graph.node("Pow", [graph.constant(1.0 / least), share])

    def pull(gradient: str) -> str:
        rest = graph.node("Sub", [graph.constant(1.0), graph.node("Abs", [share])])
        slope = graph.node("Mul", [graph.node("Mul", [rest, rest]), graph.times(scale, bound)])
        return pull_raw(graph.node("Mul", [gradient, slope]))

    return scale, pull


def add_positions(graph: Graph, real: str, output: str = "") -> tuple[str, Pull]:
    """Positions 0-1 of real numbers; none beyond 0 or 1 is moved by a gradient."""
    opening = 1.0 / (1.0 - 2.0 * Positions.MARGIN)
    share = graph.node("Sigmoid", [real])
    free = graph.scaled(share, opening, -Positions.MARGIN * opening)
    position = graph.clip(free, output)

    def pull(gradient: str) -> str:
        rest = graph.scaled(share, -opening, opening)
        inside = graph.node("Cast", [graph.node("Equal", [free, position])], to=TensorProto.FLOAT)
        slope = graph.node("Mul", [graph.node("Mul", [share, rest]), inside])
        return graph.node("Mul", [gradient, slope])

    return position, pull
