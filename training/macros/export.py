"""The trained flow as one ONNX file that the engine runs both ways.

The graph is only Gemm, Elu and elementwise arithmetic. Coupling layers split their input; here every layer
sees all dimensions through weights that are zero where it must not look, which saves the gathering and
scattering.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import zuko

from tsumami.engine.inference.contract import Contract
from tsumami.plugins import CONTINUOUS
from tsumami.training.macros.export_gradient import add_soft_scale
from tsumami.training.macros.export_graph import Array, Graph, array_of, model_file
from tsumami.training.macros.flow import MARGIN, SLOPE, MacroFlow
from tsumami.training.macros.layout import CONDITION, CONTEXT, MOVED, PINNED


def export_flow(flow: MacroFlow, pinned_mean: Array, pinned_spread: Array, contract: Contract) -> bytes:
    """The ONNX file's bytes, checked against the contract by the engine's own check.

    ``pinned_mean`` and ``pinned_spread`` ``[PINNED]`` standardise the parameters that pass through.
    """
    graph = Graph()
    _add_decoder(graph, flow, pinned_mean, pinned_spread)
    _add_encoder(graph, flow, pinned_mean, pinned_spread)
    inputs = {"latent": [1, CONTINUOUS], "parameters": [1, CONTINUOUS], "context": [1, CONTEXT]}
    outputs = {"decoded": [1, CONTINUOUS], "encoded": [1, CONTINUOUS]}
    return model_file(graph, inputs, outputs, contract)


def _add_decoder(graph: Graph, flow: MacroFlow, pinned_mean: Array, pinned_spread: Array) -> None:
    free = graph.take("latent", range(len(MOVED)))
    kept = graph.clip(
        graph.scaled(
            graph.take("latent", range(len(MOVED), CONTINUOUS)),
            pinned_spread,
            pinned_mean,
        )
    )
    condition = graph.node("Concat", [kept, "context"], axis=1)
    for coupling in reversed(flow.layers):
        shift, scale = _add_coupling(graph, coupling, free, condition)
        free = graph.node("Div", [graph.node("Sub", [free, shift]), scale])
    straight = graph.scaled(free, array_of(flow.spread), array_of(flow.mean))
    opening = 1.0 / (1.0 - 2.0 * MARGIN)
    moved = graph.clip(graph.scaled(graph.node("Sigmoid", [straight]), opening, -MARGIN * opening))
    together = graph.node("Concat", [moved, kept], axis=1)
    graph.take(together, np.argsort([*MOVED, *PINNED]).tolist(), "decoded")


def _add_encoder(graph: Graph, flow: MacroFlow, pinned_mean: Array, pinned_spread: Array) -> None:
    inside = graph.clip("parameters")
    kept = graph.take(inside, PINNED)
    condition = graph.node("Concat", [kept, "context"], axis=1)
    share = graph.scaled(graph.take(inside, MOVED), 1.0 - 2.0 * MARGIN, MARGIN)
    rest = graph.node("Sub", [graph.constant(1.0), share])
    straight = graph.node("Log", [graph.node("Div", [share, rest])])
    spread = array_of(flow.spread)
    latent = graph.scaled(straight, 1.0 / spread, -array_of(flow.mean) / spread)
    for coupling in flow.layers:
        shift, scale = _add_coupling(graph, coupling, latent, condition)
        latent = graph.node("Add", [graph.node("Mul", [latent, scale]), shift])
    pinned = graph.scaled(kept, 1.0 / pinned_spread, -pinned_mean / pinned_spread)
    graph.node("Concat", [latent, pinned], "encoded", axis=1)


def _add_coupling(graph: Graph, coupling: Any, source: str, condition: str) -> tuple[str, str]:
    """Shift and scale of one layer for all dimensions: 0 and 1 for those that it only looks at."""
    mask = coupling.mask.numpy()
    seen, changed = np.flatnonzero(mask), np.flatnonzero(~mask)
    linear: list[Any] = [layer for layer in coupling.hyper if isinstance(layer, zuko.nn.Linear)]
    weight = array_of(linear[0].weight)
    first = np.zeros((len(weight), len(mask) + CONDITION), np.float32)
    first[:, seen] = weight[:, : len(seen)]
    first[:, len(mask) :] = weight[:, len(seen) :]
    hidden = graph.node("Concat", [source, condition], axis=1)
    hidden = graph.node("Elu", [graph.affine(hidden, first, array_of(linear[0].bias))])
    for layer in linear[1:-1]:
        hidden = graph.node("Elu", [graph.affine(hidden, array_of(layer.weight), array_of(layer.bias))])
    shift, logarithm = (_spread_rows(linear[-1], changed, len(mask), part) for part in (0, 1))
    return graph.affine(hidden, *shift), add_soft_scale(graph, hidden, *logarithm, SLOPE)[0]


def _spread_rows(last: Any, changed: npt.NDArray[np.intp], size: int, part: int) -> tuple[Array, Array]:
    """Rows of the last layer for shifts (part 0) or log scales (part 1), at the places they act on."""
    weight = np.zeros((size, last.in_features), np.float32)
    bias = np.zeros(size, np.float32)
    weight[changed] = array_of(last.weight)[part::2]
    bias[changed] = array_of(last.bias)[part::2]
    return weight, bias
