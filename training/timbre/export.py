"""The trained encoder as the graph that the engine runs."""

from typing import Final

import numpy as np
from torch import nn

from tsumami.engine.inference.contract import Contract
from tsumami.engine.timbre.features import BANDS
from tsumami.training.macros.export_graph import Array, Graph, array_of, model_file
from tsumami.training.timbre.encoder import (
    CONTEXT,
    FRAMES_PER_STEP,
    HIDDEN,
    LAYERS,
    LEAST_GATE,
    LEAST_VARIANCE,
    PITCH,
    TIMBRE,
    Encoder,
    places_after,
)

_SMALLEST: Final = 1e-12


def encoder_file(model: Encoder, contract: Contract) -> bytes:
    """From ``x [1, BANDS, FRAMES_PER_STEP]`` and states to ``y [1, TIMBRE + PITCH]`` and the next states."""
    graph = Graph()
    shapes: dict[str, tuple[int, ...]] = {}
    hidden = graph.node("Unsqueeze", ["x", graph.constant([1], np.int64)])
    for number, (inside, _, _, _) in enumerate(LAYERS):
        state = f"state_{number}"
        shapes[state] = (1, inside, places_after(number), CONTEXT)
        hidden = _add_convolution(graph, hidden, state, model, number)
    heard = graph.node("Relu", [_add_linear(graph, graph.row(hidden), model.mix)])
    both = _add_running(graph, heard, model.gate, shapes)
    heads = [_add_unit(graph, _add_head(graph, both, head)) for head in (model.timbre, model.pitch)]
    graph.node("Concat", heads, "y", axis=1)
    return model_file(
        graph,
        {"x": (1, BANDS, FRAMES_PER_STEP), **shapes},
        {"y": (1, TIMBRE + PITCH), **{f"next_{name}": shape for name, shape in shapes.items()}},
        contract,
    )


def _add_convolution(graph: Graph, source: str, state: str, model: Encoder, number: int) -> str:
    """A layer with its norm folded in, after the columns that it kept of the past."""
    _, _, kernel, stride = LAYERS[number]
    weight, bias = _folded(model.convolutions[number], model.norms[number])
    columns = graph.node("Concat", [state, source], axis=3)
    last = [graph.constant([value], np.int64) for value in (-CONTEXT, np.iinfo(np.int64).max, 3)]
    graph.node("Slice", [columns, *last], f"next_{state}")
    beside = kernel[0] // 2
    pads, inputs = [beside, 0, beside, 0], [columns, graph.constant(weight), graph.constant(bias)]
    return graph.node("Relu", [graph.node("Conv", inputs, kernel_shape=kernel, strides=stride, pads=pads)])


def _folded(convolution: nn.Module, norm: nn.Module) -> tuple[Array, Array]:
    tensors = {**dict(norm.named_parameters()), **dict(norm.named_buffers())}
    scale = array_of(tensors["weight"]) / np.sqrt(array_of(tensors["running_var"]) + _epsilon(norm))
    weight = array_of(dict(convolution.named_parameters())["weight"]) * scale[:, None, None, None]
    bias = array_of(tensors["bias"]) - array_of(tensors["running_mean"]) * scale
    return np.asarray(weight, np.float32), np.asarray(bias, np.float32)


def _epsilon(norm: nn.Module) -> float:
    assert isinstance(norm, nn.BatchNorm2d)
    return norm.eps


def _add_running(graph: Graph, heard: str, gate: nn.Linear, shapes: dict[str, tuple[int, ...]]) -> str:
    """Weighted means and deviations of all steps so far, side by side."""
    weight = graph.scaled(graph.node("Sigmoid", [_add_linear(graph, heard, gate)]), 1.0, LEAST_GATE)
    weighted = graph.node("Mul", [heard, weight])
    squared = graph.node("Mul", [heard, weighted])
    total, first, second = (
        _add_sum(graph, name, part, size, shapes)
        for name, part, size in (
            ("state_total", weight, 1),
            ("state_first", weighted, HIDDEN),
            ("state_second", squared, HIDDEN),
        )
    )
    mean = graph.node("Div", [first, total])
    square = graph.node("Sub", [graph.node("Div", [second, total]), graph.node("Mul", [mean, mean])])
    deviation = graph.node("Sqrt", [graph.node("Max", [square, graph.constant(LEAST_VARIANCE)])])
    return graph.node("Concat", [mean, deviation], axis=1)


def _add_sum(graph: Graph, state: str, part: str, size: int, shapes: dict[str, tuple[int, ...]]) -> str:
    shapes[state] = (1, size)
    return graph.node("Add", [state, part], f"next_{state}")


def _add_head(graph: Graph, source: str, head: nn.Module) -> str:
    first, _, second = head.children()
    assert isinstance(first, nn.Linear)
    assert isinstance(second, nn.Linear)
    return _add_linear(graph, graph.node("Relu", [_add_linear(graph, source, first)]), second)


def _add_linear(graph: Graph, source: str, layer: nn.Linear) -> str:
    return graph.affine(source, array_of(layer.weight), array_of(layer.bias))


def _add_unit(graph: Graph, source: str) -> str:
    """Made of length 1."""
    length = graph.node("ReduceL2", [source], axes=[1], keepdims=1)
    return graph.node("Div", [source, graph.node("Max", [length, graph.constant(_SMALLEST)])])
