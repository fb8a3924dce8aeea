"""Tiny ONNX models for the tests of the contract and of inference, built where they are used."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, TensorProto, helper, numpy_helper

from tsumami.engine.inference.contract import METADATA_KEY, Contract, Latent, ModelParameter, Training

_OPSET = [helper.make_opsetid("", 18)]
_IR_VERSION = 10

TRAINING = Training(data="none", data_hash="0" * 64, command="pytest", seed=0)
MACROS = Contract(
    name="two knobs",
    kind="macros",
    sample_rate=22050,
    n_fft=2048,
    hop=1024,
    window="hann",
    normalisation={"mean": -1.5, "deviation": 2.25},
    training=TRAINING,
    parameters=(
        ModelParameter("cutoff"),
        ModelParameter("wave", ("saw", "square", "sine")),
        ModelParameter("decay"),
    ),
    latents=(Latent("bright", "dark", "bright", -2.5, 2.5), Latent("long", "short", "long", -3.0, 3.0)),
    metrics={"sc": 0.911},
)
RESTORATION = replace(MACROS, name="lstm", kind="restoration", parameters=(), latents=(), sample_rate=48000)

Shapes = Mapping[str, Sequence[int | str]]


def build(
    nodes: Sequence[Any],
    inputs: Shapes,
    outputs: Shapes,
    weights: Mapping[str, npt.NDArray[Any]],
    metadata: str | None,
    element_type: int = TensorProto.FLOAT,
) -> bytes:
    """An ONNX model's bytes."""
    graph = helper.make_graph(
        list(nodes),
        "test",
        [helper.make_tensor_value_info(name, element_type, list(shape)) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, element_type, list(shape)) for name, shape in outputs.items()],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items()],
    )
    model: ModelProto = helper.make_model(graph, opset_imports=_OPSET, ir_version=_IR_VERSION)
    if metadata is not None:
        helper.set_model_props(model, {METADATA_KEY: metadata})
    return bytes(model.SerializeToString())


# decoded = latent · SCALE + context[:2]; encoded is its inverse.
SCALE = np.array([[0.25, 0.5]], np.float32)


def macros_model(
    contract: Contract = MACROS, *, names: Mapping[str, str] | None = None, **options: Any
) -> bytes:
    """An affine macros model of `MACROS`; ``names`` renames tensors, to break it."""
    named = {name: name for name in ("latent", "parameters", "context", "decoded", "encoded")} | dict(
        names or {}
    )
    nodes = [
        helper.make_node("Slice", [named["context"], "start", "end", "axis"], ["shift"]),
        helper.make_node("Mul", [named["latent"], "scale"], ["scaled"]),
        helper.make_node("Sub", [named["parameters"], "shift"], ["shifted"]),
        helper.make_node("Add", ["scaled", "shift"], [named["decoded"]]),
        helper.make_node("Div", ["shifted", "scale"], [named["encoded"]]),
    ]
    weights = {"scale": SCALE, "start": np.array([0]), "end": np.array([2]), "axis": np.array([1])}
    shapes = {"latent": [1, 2], "parameters": [1, 2], "context": [1, 3]}
    inputs = {named[name]: shape for name, shape in shapes.items()}
    outputs = {named["decoded"]: [1, 2], named["encoded"]: [1, 2]}
    return build(nodes, inputs, outputs, weights, options.get("metadata", contract.to_json()))


BAND, FRAME = 3, 5


def sound_model(
    contract: Contract = MACROS,
    *,
    two_way: bool = False,
    names: Mapping[str, str] | None = None,
    mel: Sequence[int] = (1, 64, 80),
) -> bytes:
    """A model that hears one bin of the mel: predicted = [bin, 1 - bin], chosen = [0.5, bin, 1 - bin].

    With ``two_way``, beside a two-way part that copies; ``names`` renames outputs, to break it.
    """
    named = {name: (names or {}).get(name, name) for name in ("predicted", "chosen")}
    nodes = [
        helper.make_node("Slice", ["mel", "from", "to"], ["cut"]),
        helper.make_node("Reshape", ["cut", "row"], ["bin"]),
        helper.make_node("Sub", ["one", "bin"], ["rest"]),
        helper.make_node("Concat", ["bin", "rest"], [named["predicted"]], axis=1),
        helper.make_node("Concat", ["half", "bin", "rest"], [named["chosen"]], axis=1),
    ]
    weights = {
        "from": np.array([0, BAND, FRAME]),
        "to": np.array([1, BAND + 1, FRAME + 1]),
        "row": np.array([1, 1]),
        "one": np.ones((1, 1), np.float32),
        "half": np.full((1, 1), 0.5, np.float32),
    }
    inputs: dict[str, Sequence[int]] = {"mel": mel}
    outputs: dict[str, Sequence[int]] = {named["predicted"]: [1, 2], named["chosen"]: [1, 3]}
    if two_way:
        nodes.append(helper.make_node("Identity", ["latent"], ["decoded"]))
        nodes.append(helper.make_node("Identity", ["parameters"], ["encoded"]))
        inputs = {"latent": [1, 2], "parameters": [1, 2], "context": [1, 3], **inputs}
        outputs = {"decoded": [1, 2], "encoded": [1, 2], **outputs}
    return build(nodes, inputs, outputs, weights, contract.to_json())


FEATURES, HIDDEN = 5, 7


def lstm_weights(seed: int = 0) -> dict[str, npt.NDArray[np.float32]]:
    """Weights of the streaming LSTM, as the ONNX operator wants them: W, R and B."""
    rng = np.random.default_rng(seed)
    shapes = {"W": (1, 4 * HIDDEN, FEATURES), "R": (1, 4 * HIDDEN, HIDDEN), "B": (1, 8 * HIDDEN)}
    return {name: rng.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}


def lstm_model(frames: int = 1, contract: Contract = RESTORATION, *, next_h: str = "next_state_h") -> bytes:
    """A streaming LSTM: x [frames, 1, FEATURES] → y [frames, 1, 1, HIDDEN], states h and c [1, 1, HIDDEN]."""
    node = helper.make_node(
        "LSTM",
        ["x", "W", "R", "B", "", "state_h", "state_c"],
        ["y", next_h, "next_state_c"],
        hidden_size=HIDDEN,
    )
    state = [1, 1, HIDDEN]
    inputs = {"x": [frames, 1, FEATURES], "state_h": state, "state_c": state}
    outputs = {"y": [frames, 1, 1, HIDDEN], next_h: state, "next_state_c": state}
    return build([node], inputs, outputs, lstm_weights(), contract.to_json())


def running_sum_model() -> bytes:
    """A streaming sum: y = next_state_sum = x + state_sum, all of shape [1]."""
    nodes = [
        helper.make_node("Add", ["x", "state_sum"], ["y"]),
        helper.make_node("Identity", ["y"], ["next_state_sum"]),
    ]
    inputs, outputs = {"x": [1], "state_sum": [1]}, {"y": [1], "next_state_sum": [1]}
    return build(nodes, inputs, outputs, {}, RESTORATION.to_json())
