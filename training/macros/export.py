"""The trained flow as one ONNX file that the engine runs both ways.

The graph is built node by node instead of being traced: it is only Gemm, Elu and elementwise arithmetic, and
this way it is small and independent of the exporter's version. Coupling layers split their input; here
every layer sees all dimensions through weights that are zero where it must not look, which saves the
gathering and scattering.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
import zuko
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from tsumami.engine.contract import METADATA_KEY, Contract
from tsumami.engine.contract_file import check_contract
from tsumami.plugins import CONTINUOUS
from tsumami.training.macros.flow import MARGIN, SLOPE, MacroFlow
from tsumami.training.macros.layout import CONDITION, CONTEXT, MOVED, PINNED

OPSET: Final = 17
_IR_VERSION: Final = 8

Array = npt.NDArray[np.float32]


class _Graph:
    """Nodes and constants in the making; every method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, values: npt.ArrayLike, dtype: type = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        name = output or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def take(self, source: str, indices: Sequence[int], output: str = "") -> str:
        return self.node("Gather", [source, self.constant(indices, np.int64)], output, axis=1)

    def affine(self, source: str, weight: Array, bias: Array) -> str:
        """``source @ weight.T + bias``, as `torch.nn.Linear` has them."""
        return self.node("Gemm", [source, self.constant(weight), self.constant(bias)], transB=1)

    def scaled(self, source: str, scale: npt.ArrayLike, shift: npt.ArrayLike, output: str = "") -> str:
        product = self.node("Mul", [source, self.constant(scale)])
        return self.node("Add", [product, self.constant(shift)], output)

    def clip(self, source: str) -> str:
        return self.node("Clip", [source, self.constant(0.0), self.constant(1.0)])


def export_flow(flow: MacroFlow, pinned_mean: Array, pinned_spread: Array, contract: Contract) -> bytes:
    """The ONNX file's bytes, checked against the contract by the engine's own check.

    ``pinned_mean`` and ``pinned_spread`` ``[PINNED]`` standardise the parameters that pass through.
    """
    graph = _Graph()
    _add_decoder(graph, flow, pinned_mean, pinned_spread)
    _add_encoder(graph, flow, pinned_mean, pinned_spread)
    inputs = [_tensor("latent", CONTINUOUS), _tensor("parameters", CONTINUOUS), _tensor("context", CONTEXT)]
    outputs = [_tensor("decoded", CONTINUOUS), _tensor("encoded", CONTINUOUS)]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "macros", inputs, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
        producer_name="tsumami",
    )
    helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    check_contract(content, "macros")
    return content


def write_model(content: bytes, path: Path) -> None:
    """Write beside and rename, so that a running engine never reads half a model."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _tensor(name: str, size: int) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])


def _add_decoder(graph: _Graph, flow: MacroFlow, pinned_mean: Array, pinned_spread: Array) -> None:
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
    straight = graph.scaled(free, _array(flow.spread), _array(flow.mean))
    opening = 1.0 / (1.0 - 2.0 * MARGIN)
    moved = graph.clip(graph.scaled(graph.node("Sigmoid", [straight]), opening, -MARGIN * opening))
    together = graph.node("Concat", [moved, kept], axis=1)
    graph.take(together, np.argsort([*MOVED, *PINNED]).tolist(), "decoded")


def _add_encoder(graph: _Graph, flow: MacroFlow, pinned_mean: Array, pinned_spread: Array) -> None:
    inside = graph.clip("parameters")
    kept = graph.take(inside, PINNED)
    condition = graph.node("Concat", [kept, "context"], axis=1)
    share = graph.scaled(graph.take(inside, MOVED), 1.0 - 2.0 * MARGIN, MARGIN)
    rest = graph.node("Sub", [graph.constant(1.0), share])
    straight = graph.node("Log", [graph.node("Div", [share, rest])])
    spread = _array(flow.spread)
    latent = graph.scaled(straight, 1.0 / spread, -_array(flow.mean) / spread)
    for coupling in flow.layers:
        shift, scale = _add_coupling(graph, coupling, latent, condition)
        latent = graph.node("Add", [graph.node("Mul", [latent, scale]), shift])
    pinned = graph.scaled(kept, 1.0 / pinned_spread, -pinned_mean / pinned_spread)
    graph.node("Concat", [latent, pinned], "encoded", axis=1)


def _add_coupling(graph: _Graph, coupling: Any, source: str, condition: str) -> tuple[str, str]:
    """Shift and scale of one layer for all dimensions: 0 and 1 for those that it only looks at."""
    mask = coupling.mask.numpy()
    seen, changed = np.flatnonzero(mask), np.flatnonzero(~mask)
    linear: list[Any] = [layer for layer in coupling.hyper if isinstance(layer, zuko.nn.Linear)]
    weight = _array(linear[0].weight)
    first = np.zeros((len(weight), len(mask) + CONDITION), np.float32)
    first[:, seen] = weight[:, : len(seen)]
    first[:, len(mask) :] = weight[:, len(seen) :]
    hidden = graph.node("Concat", [source, condition], axis=1)
    hidden = graph.node("Elu", [graph.affine(hidden, first, _array(linear[0].bias))])
    for layer in linear[1:-1]:
        hidden = graph.node("Elu", [graph.affine(hidden, _array(layer.weight), _array(layer.bias))])
    shift, raw = (
        graph.affine(hidden, *_spread_rows(linear[-1], changed, len(mask), part)) for part in (0, 1)
    )
    # zuko's soft clip of the log scale, held within ±log(SLOPE).
    bound = graph.scaled(graph.node("Abs", [raw]), -1.0 / math.log(SLOPE), 1.0)
    return shift, graph.node("Exp", [graph.node("Div", [raw, bound])])


def _spread_rows(last: Any, changed: npt.NDArray[np.intp], size: int, part: int) -> tuple[Array, Array]:
    """Rows of the last layer for shifts (part 0) or log scales (part 1), at the places they act on."""
    weight = np.zeros((size, last.in_features), np.float32)
    bias = np.zeros(size, np.float32)
    weight[changed] = _array(last.weight)[part::2]
    bias[changed] = _array(last.bias)[part::2]
    return weight, bias


def _array(tensor: Tensor) -> Array:
    return np.asarray(tensor.detach().cpu().numpy(), np.float32)
