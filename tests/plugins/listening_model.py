"""A model that listens to nothing: the same answer for every sound, as an ONNX file of the contract."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from onnx import helper

from tests.engine.onnx_models import TRAINING, build
from tsumami.engine.inference.contract import BUILTIN, RENDER, Contract, ModelParameter

SHORT: Mapping[str, float] = {**RENDER, "hold_seconds": 0.4, "length_seconds": 0.5}


def listening_model(
    path: Path,
    answer: Mapping[str, float],
    *,
    chosen: Mapping[str, tuple[Sequence[str], int]] | None = None,
    instrument: str = BUILTIN,
    render: Mapping[str, float] = SHORT,
    data_hash: str = TRAINING.data_hash,
) -> Path:
    """Write a model that answers with positions by parameter; ``chosen`` are choices, and which one it is."""
    chosen = chosen or {}
    contract = Contract(
        name="one answer",
        kind="macros",
        sample_rate=22_050,
        n_fft=2048,
        hop=1024,
        window="hann",
        training=replace(TRAINING, data_hash=data_hash),
        parameters=(
            *map(ModelParameter, answer),
            *(ModelParameter(name, tuple(choices)) for name, (choices, _) in chosen.items()),
        ),
        instrument=instrument,
        render=render,
    )
    tensors = {"predicted": [list(answer.values())]}
    if chosen:
        tensors["chosen"] = [
            [float(row == one) for choices, one in chosen.values() for row in range(len(choices))]
        ]
    nodes = [
        helper.make_node("ReduceSum", ["mel"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
        *(helper.make_node("Add", ["nothing", f"always {name}"], [name]) for name in tensors),
    ]
    weights = {f"always {name}": np.array(values, np.float32) for name, values in tensors.items()}
    outputs = {name: values.shape for name, values in zip(tensors, weights.values(), strict=True)}
    weights["zero"] = np.zeros((), np.float32)
    path.write_bytes(build(nodes, {"mel": [1, 64, 80]}, outputs, weights, contract.to_json()))
    return path
