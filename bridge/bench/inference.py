"""One step of each shipped model: the engine's inference layer beside a bare ONNX Runtime session.

Both run on one thread. The bare session is given the whole model and a dictionary of arrays, as its
documentation shows; a macros model is asked for one direction only.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

import tsumami.engine.models
from tsumami.bridge.bench.report import Report, Row
from tsumami.bridge.bench.timing import interleaved
from tsumami.engine.contract_file import read_contract
from tsumami.engine.errors import ModelError
from tsumami.engine.inference import Inference
from tsumami.engine.macro_model import MacroModel
from tsumami.engine.provider import Provider

_ROUNDS = 5000
_PERCENTILES = {"p50": 50, "p99": 99, "p99.9": 99.9}
_PEER = "bare session on the CPU"
_NO_CUDA = "CUDA does not load on this machine, so there are no CUDA rows."

Call = Callable[[], object]


def run(provider: Provider = "auto", rounds: int = _ROUNDS, models: Path | None = None) -> Report:
    """Percentiles of a step in microseconds, for each ``*.onnx`` of ``models`` (those shipped by default).

    With ``provider`` "auto" both the CPU and, where it loads, CUDA are measured.
    """
    folder = models or Path(tsumami.engine.models.__file__).parent
    rows: list[Row] = []
    notes: list[str] = ["Microseconds per step, in turns with a bare session of one thread."]
    paths = sorted(folder.glob("*.onnx"))
    if not paths:
        notes.append("There is no model to measure yet.")
    for path in paths:
        for chosen in _providers(provider, path, notes):
            rows += _measure(path, chosen, rounds)
    return Report("inference", rows, notes)


def _providers(wanted: Provider, path: Path, notes: list[str]) -> tuple[Provider, ...]:
    """The providers to measure a model on; a note says when CUDA is left out."""
    if wanted != "auto":
        return (wanted,)
    try:
        _open(path, "cuda")
    except ModelError:
        if _NO_CUDA not in notes:
            notes.append(_NO_CUDA)
        return ("cpu",)
    return ("cpu", "cuda")


def _measure(path: Path, provider: Provider, rounds: int) -> list[Row]:
    rows = []
    for what, (ours, bare) in _pairs(path, provider).items():
        times = interleaved({"ours": ours, "bare": bare}, rounds, title=f"{what} on {provider}")
        rows += [
            Row.lower_is_better(
                f"{what} on {provider}, {name}",
                float(np.percentile(times["ours"], rank)),
                "µs",
                f"{_PEER}, {name}",
                float(np.percentile(times["bare"], rank)),
            )
            for name, rank in _PERCENTILES.items()
        ]
    return rows


def _open(path: Path, provider: Provider) -> MacroModel | Inference:
    model: MacroModel | Inference = (
        MacroModel(path, provider) if read_contract(path).kind == "macros" else Inference(path, provider)
    )
    model.prepare()
    return model


def _pairs(path: Path, provider: Provider) -> Mapping[str, tuple[Call, Call]]:
    """What there is to measure of a model: our call and the bare session's."""
    model, session = _open(path, provider), _bare_session(path)
    feed = {
        tensor.name: np.random.default_rng(0).uniform(0, 1, tensor.shape).astype(np.float32)
        for tensor in session.get_inputs()
    }
    if isinstance(model, MacroModel):
        return _macro_pairs(path.stem, model, session, feed)
    for name, array in model.inputs.items():
        array[:] = feed[name]
    return {f"{path.stem} step": (model.step, lambda: session.run(None, feed))}


def _macro_pairs(
    name: str, model: MacroModel, session: Any, feed: Mapping[str, npt.NDArray[np.float32]]
) -> Mapping[str, tuple[Call, Call]]:
    latent, parameters, context = (feed[each][0] for each in ("latent", "parameters", "context"))
    return {
        f"{name} decode": (lambda: model.decode(latent, context), lambda: session.run(["decoded"], feed)),
        f"{name} encode": (lambda: model.encode(parameters, context), lambda: session.run(["encoded"], feed)),
    }


def _bare_session(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
