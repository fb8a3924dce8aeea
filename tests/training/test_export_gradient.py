"""Gradients as nodes of a graph are those that torch finds."""

from collections.abc import Callable

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from tests.training.small_runs import stir
from tsumami.engine.errors import ModelError
from tsumami.training.macros.export_flows import FlowNodes
from tsumami.training.macros.export_gradient import Pull, add_perceptron, add_positions
from tsumami.training.macros.export_graph import OPSET, Graph
from tsumami.training.macros.flows import Coupling, Iaf, Positions
from tsumami.training.macros.layers import perceptron

SIZE = 5
NAMES = ["x", "by_y", "y", "by_x"]

Adder = Callable[[Graph, str], tuple[str, Pull]]


def flow(kind: type[Iaf] | type[Coupling]) -> tuple[Adder, Callable[[Tensor], Tensor]]:
    torch.manual_seed(0)
    module = kind(SIZE, 4, 16)
    stir(module)
    return lambda graph, source: FlowNodes(graph, module).forward(source), lambda x: module(x)[0]


def network() -> tuple[Adder, Callable[[Tensor], Tensor]]:
    torch.manual_seed(0)
    layers = perceptron(SIZE, 16, 3, SIZE)
    return lambda graph, source: add_perceptron(graph, layers, source), layers


def positions() -> tuple[Adder, Callable[[Tensor], Tensor]]:
    module = Positions()
    return add_positions, lambda x: module(x).clamp(0.0, 1.0)


@pytest.mark.parametrize(
    "case",
    [flow(Coupling), flow(Iaf), network(), positions()],
    ids=["couplings", "autoregressive", "perceptron", "positions"],
)
def test_what_is_pulled_back_is_the_gradient(case: tuple[Adder, Callable[[Tensor], Tensor]]) -> None:
    add, function = case
    graph = Graph()
    output, pull = add(graph, "x")
    graph.node("Identity", [output], "y")
    graph.node("Identity", [pull("by_y")], "by_x")
    run = session(graph)
    generator = torch.Generator().manual_seed(1)
    for _ in range(20):
        x = (3.0 * torch.randn(1, SIZE, generator=generator)).requires_grad_()
        by_y = torch.randn(1, SIZE, generator=generator)
        expected = function(x)
        (by_x,) = torch.autograd.grad(expected, x, by_y)
        found = run(x.detach().numpy(), by_y.numpy())
        np.testing.assert_allclose(found[0], expected.detach().numpy(), rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(found[1], by_x.numpy(), rtol=1e-4, atol=1e-5)


def test_another_layer_is_refused() -> None:
    with pytest.raises(ModelError, match="must be Linear or ELU, got Tanh"):
        add_perceptron(Graph(), nn.Sequential(nn.Tanh()), "x")


def test_a_loop_carries_its_values_and_counts_its_rounds() -> None:
    graph = Graph()

    def step(count: str, values: list[str]) -> list[str]:
        number = graph.node("Cast", [count], to=TensorProto.FLOAT)
        return [graph.node("Add", [values[0], number]), values[0]]

    ends = graph.repeat(5, [("x", SIZE), ("by_y", SIZE)], step)
    for end, name in zip(ends, ("y", "by_x"), strict=True):
        graph.node("Identity", [end], name)
    x, other = np.arange(SIZE, dtype=np.float32)[None], np.zeros((1, SIZE), np.float32)
    now, before = session(graph)(x, other)
    np.testing.assert_array_equal(now, x + 10)
    np.testing.assert_array_equal(before, x + 6)


def session(graph: Graph) -> Callable[..., list[np.ndarray]]:
    """Runs a graph from ``x`` and ``by_y`` to ``y`` and ``by_x``."""
    rows = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, SIZE]) for name in NAMES}
    inputs, outputs = [rows[name] for name in NAMES[:2]], [rows[name] for name in NAMES[2:]]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "test", inputs, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
    )
    opened = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return lambda x, by_y: list(map(np.asarray, opened.run(NAMES[2:], {"x": x, "by_y": by_y})))
