"""An ONNX graph in the making, and the model file that it becomes.

Models are built node by node instead of being traced: they are small that way, as fast as can be, and
independent of the version of an exporter.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from tsumami.engine.inference.contract import METADATA_KEY, Contract
from tsumami.engine.inference.contract_file import check_contract

OPSET: Final = 17
_IR_VERSION: Final = 8
_MANY: Final = 1024

Array = npt.NDArray[np.float32]


class Graph:
    """Nodes and constants in the making; every method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.casts: list[Any] = []
        """Of constants; before all nodes. ONNX Runtime computes them when it loads the file."""
        self._stored: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._made = 0

    def constant(self, values: npt.ArrayLike, dtype: type = np.float32) -> str:
        """Numbers that are stored in the file, once; many float32 in half precision where none is changed."""
        array: npt.NDArray[Any] = np.asarray(values, dtype)
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self._stored:
            self._stored[key] = self._store(array, f"c{len(self.constants)}")
        return self._stored[key]

    def _store(self, array: npt.NDArray[Any], name: str) -> str:
        if array.dtype == np.float32 and array.size >= _MANY and np.array_equal(array, half(array)):
            self.constants.append(numpy_helper.from_array(array.astype(np.float16), name))
            self.casts.append(helper.make_node("Cast", [name], [f"{name}.float"], to=TensorProto.FLOAT))
            return f"{name}.float"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

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

    def product(self, source: str, weight: Array) -> str:
        """``source @ weight``."""
        return self.node("Gemm", [source, self.constant(weight)])

    def times(self, source: str, factor: npt.ArrayLike) -> str:
        """``source · factor``."""
        return self.node("Mul", [source, self.constant(factor)])

    def scaled(self, source: str, scale: npt.ArrayLike, shift: npt.ArrayLike, output: str = "") -> str:
        """``source · scale + shift``."""
        return self.node("Add", [self.times(source, scale), self.constant(shift)], output)

    def row(self, source: str) -> str:
        """All of ``source`` in one row."""
        return self.node("Reshape", [source, self.constant([1, -1], np.int64)])

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

    def repeat(
        self, times: int, starts: Sequence[tuple[str, int]], step: Callable[[str, list[str]], Sequence[str]]
    ) -> list[str]:
        """Values that begin as ``starts``, with their sizes, and go through ``step`` so often, in a loop.

        ``step`` is given the number of the round, an int64 from 0, and the values ``[1, size]``; it adds the
        nodes of one round and returns the values after it.
        """
        outer, self.nodes = self.nodes, []
        self._made += 1
        count, running, again = (f"n{self._made}.{name}" for name in ("count", "running", "again"))
        values = [f"n{self._made}.{number}" for number in range(len(starts))]
        results = step(count, values)
        self.node("Identity", [running], again)
        sizes = [size for _, size in starts]
        body = helper.make_graph(
            self.nodes,
            "step",
            [_scalar(count, TensorProto.INT64), _scalar(running, TensorProto.BOOL), *_rows(values, sizes)],
            [_scalar(again, TensorProto.BOOL), *_rows(results, sizes)],
        )
        self.nodes = outer
        ends = [f"{value}.end" for value in values]
        inputs = [self.constant(times, np.int64), "", *(name for name, _ in starts)]
        self.nodes.append(helper.make_node("Loop", inputs, ends, body=body))
        return ends


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
        helper.make_graph(
            [*graph.casts, *graph.nodes], contract.kind, _tensors(inputs), _tensors(outputs), graph.constants
        ),
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


def half(array: Array) -> Array:
    """The nearest numbers of half precision, float32."""
    with np.errstate(over="ignore"):
        return array.astype(np.float16).astype(np.float32)


def array_of(tensor: Tensor) -> Array:
    """A tensor's values, float32."""
    return np.asarray(tensor.detach().cpu().numpy(), np.float32)


def _scalar(name: str, kind: int) -> Any:
    return helper.make_tensor_value_info(name, kind, [])


def _rows(names: Sequence[str], sizes: Sequence[int]) -> list[Any]:
    return _tensors({name: [1, size] for name, size in zip(names, sizes, strict=True)})


def _tensors(shapes: Mapping[str, Sequence[int]]) -> list[Any]:
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)) for name, shape in shapes.items()
    ]
