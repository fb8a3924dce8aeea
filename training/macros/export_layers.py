"""Layers without a flow as nodes of an ONNX graph: perceptrons and convolutions, as they stand in torch."""

from typing import Final

import numpy as np
from torch import nn

from tsumami.engine.errors import ModelError
from tsumami.training.macros.export_graph import Graph, array_of
from tsumami.training.macros.heads import ChoiceHead
from tsumami.training.macros.layers import Regression, ResidualStage

EXPORTED: Final = (nn.Linear, nn.ELU, nn.Flatten, nn.Conv1d, nn.BatchNorm1d, nn.Dropout)
"""The single layers that there are nodes for; besides them, what is made of them."""


def add_layers(graph: Graph, module: nn.Module, source: str) -> str:
    """``source`` through ``module`` as in evaluation. Raises `ModelError` for a layer without a node."""
    match module:
        case nn.Sequential():
            for part in module:
                source = add_layers(graph, part, source)
            return source
        case Regression():
            return graph.node("Sigmoid", [add_layers(graph, module.layers, source)])
        case ChoiceHead():
            return add_layers(graph, module.layers, source)
        case ResidualStage():
            both = [add_layers(graph, path, source) for path in (module.through, module.past)]
            return graph.node("Elu", [graph.node("Add", both)])
    return _add_layer(graph, module, source)


def _add_layer(graph: Graph, module: nn.Module, source: str) -> str:
    match module:
        case nn.Linear():
            return graph.affine(source, array_of(module.weight), array_of(module.bias))
        case nn.ELU():
            return graph.node("Elu", [source], alpha=float(module.alpha))
        case nn.Flatten():
            return graph.node("Flatten", [source])
        case nn.Conv1d():
            return _add_convolution(graph, module, source)
        case nn.BatchNorm1d():
            return _add_norm(graph, module, source)
        case nn.Dropout():
            return source
    names = ", ".join(layer.__name__ for layer in EXPORTED)
    raise ModelError(f"layers of an exported model must be among {names}, got {type(module).__name__}")


def _add_convolution(graph: Graph, module: nn.Conv1d, source: str) -> str:
    (padding,) = np.atleast_1d(np.asarray(module.padding, np.int64)).tolist()
    assert module.bias is not None
    return graph.node(
        "Conv",
        [source, graph.constant(array_of(module.weight)), graph.constant(array_of(module.bias))],
        strides=list(module.stride),
        pads=[padding, padding],
    )


def _add_norm(graph: Graph, module: nn.BatchNorm1d, source: str) -> str:
    """ONNX Runtime folds it into the convolution before it."""
    mean, variance = module.running_mean, module.running_var
    assert mean is not None
    assert variance is not None
    tensors = [array_of(tensor) for tensor in (module.weight, module.bias, mean, variance)]
    inputs = [source, *(graph.constant(tensor) for tensor in tensors)]
    return graph.node("BatchNormalization", inputs, epsilon=module.eps)
