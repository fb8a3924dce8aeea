"""An ONNX graph in the making, and the model file that it becomes.

Models are built node by node instead of being traced: they are small that way, as fast as can be, and
independent of the version of an exporter.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from tsumami.engine.contract import METADATA_KEY, Contract
from tsumami.engine.contract_file import check_contract

OPSET: Final = 17
_IR_VERSION: Final = 8

Array = npt.NDArray[np.float32]


class Graph:
    """Nodes and constants in the making; every method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._stored: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._made = self._loops = 0

    def constant(self, values: npt.ArrayLike, dtype: type = np.float32) -> str:
        """Numbers that are stored in the file, once."""
        array: npt.NDArray[Any] = np.asarray(values, dtype)
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self._stored:
            self._stored[key] = f"c{len(self.constants)}"
            self.constants.append(numpy_helper.from_array(array, self._stored[key]))
        return self._stored[key]

    def node(self, kind: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        """An operator of ONNX with one output."""
        self._made += 1
        name = output or f"n{self._made}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def take(self, source: str, indices: Sequence[int], output: str = "") -> str:
        """Columns of ``source``, in the order of ``indices``."""
        return self.node("Gather", [source, self.constant(indices, np.int64)], output, axis=1)

    def affine(self, source: str, weight: Array, bias: Array) -> str:
        """``source @ weight.T + bias``, as `torch.nn.Linear` has them."""
        return self.node("Gemm", [source, self.constant(weight), self.constant(bias)], transB=1)

    def soft_scale(self, source: str, weight: Array, bias: Array, least: float) -> str:
        """The scales that zuko makes of logarithms ``raw = affine(source)``, within ``least`` and 1 / least.

        They are exp(raw / (1 + |raw / log least|)), which is (1 / least) ** softsign(raw / -log least): ONNX
        Runtime makes one node of the product and the softsign.
        """
        bound = -math.log(least)
        share = self.node("Softsign", [self.affine(source, weight / bound, bias / bound)])
        return self.node("Pow", [self.constant(1.0 / least), share])

    def scaled(self, source: str, scale: npt.ArrayLike, shift: npt.ArrayLike, output: str = "") -> str:
        """``source · scale + shift``."""
        product = self.node("Mul", [source, self.constant(scale)])
        return self.node("Add", [product, self.constant(shift)], output)

    def clip(self, source: str, output: str = "") -> str:
        """``source`` held within 0-1."""
        return self.node("Clip", [source, self.constant(0.0), self.constant(1.0)], output)

    def split(self, source: str, sizes: Sequence[int]) -> list[str]:
        """Columns of ``source``, so many in each part."""
        self._made += 1
        names = [f"n{self._made}.{part}" for part in range(len(sizes))]
        self.nodes.append(helper.make_node("Split", [source, self.constant(sizes, np.int64)], names, axis=1))
        return names

    def one_hot(self, source: str, size: int) -> str:
        """1 where ``source`` ``[1, size]`` is largest, first of equals, and 0 elsewhere."""
        largest = self.node("ArgMax", [source], axis=1, keepdims=0)
        both = self.constant([0.0, 1.0])
        return self.node("OneHot", [largest, self.constant(size, np.int64), both], axis=1)

    def repeat(self, times: int, start: str, size: int, step: Callable[[str], str]) -> str:
        """``start`` ``[1, size]`` put through the nodes of ``step`` so many times, in a loop."""
        outer, self.nodes = self.nodes, []
        self._loops += 1
        count, running, value = (f"{name}{self._loops}" for name in ("count", "running", "value"))
        result = step(value)
        again = self.node("Identity", [running])
        body = helper.make_graph(
            self.nodes,
            "step",
            [
                helper.make_tensor_value_info(count, TensorProto.INT64, []),
                helper.make_tensor_value_info(running, TensorProto.BOOL, []),
                helper.make_tensor_value_info(value, TensorProto.FLOAT, [1, size]),
            ],
            [
                helper.make_tensor_value_info(again, TensorProto.BOOL, []),
                helper.make_tensor_value_info(result, TensorProto.FLOAT, [1, size]),
            ],
        )
        self.nodes = outer
        return self.node("Loop", [self.constant(times, np.int64), "", start], body=body)


def model_file(
    graph: Graph,
    inputs: Mapping[str, Sequence[int]],
    outputs: Mapping[str, Sequence[int]],
    contract: Contract,
) -> bytes:
    """The ONNX file's bytes, checked against the contract by the engine's own check.

    ``inputs`` and ``outputs`` are shapes by name, all float32.
    """
    model = helper.make_model(
        helper.make_graph(graph.nodes, contract.kind, _tensors(inputs), _tensors(outputs), graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
        producer_name="tsumami",
    )
    helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString()
    check_contract(content, contract.kind)
    return content


def write_model(content: bytes, path: Path) -> None:
    """Write beside and rename, so that a running engine never reads half a model."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def array_of(tensor: Tensor) -> Array:
    """A tensor's values, float32."""
    return np.asarray(tensor.detach().cpu().numpy(), np.float32)


def _tensors(shapes: Mapping[str, Sequence[int]]) -> list[Any]:
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)) for name, shape in shapes.items()
    ]
