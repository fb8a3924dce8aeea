"""One step of each model: the engine's inference layer beside a bare ONNX Runtime session, and torch.

All run on one thread. The bare session is given the whole model and a dictionary of arrays, as its
documentation shows; a macros model is asked for one part only. With the run that a model was exported from,
torch does the same with the weights that it was trained with.
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
from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import Contract
from tsumami.engine.inference.contract_file import load_bytes, name_of, read_contract
from tsumami.engine.inference.inference import Inference
from tsumami.engine.inference.provider import Provider, open_on
from tsumami.engine.macros.model import MacroModel
from tsumami.engine.macros.sound_model import SoundModel

_ROUNDS = 5000
_PERCENTILES = {"p50": 50, "p99": 99, "p99.9": 99.9}
_OURS = "ours"
_BARE = "bare session on the CPU"
_TORCH = "torch"
_NO_CUDA = "CUDA does not load on this machine, so there are no CUDA rows."
_TURNS = "Microseconds per step, all on one thread and in turns."

Call = Callable[[], object]
Feed = Mapping[str, npt.NDArray[np.float32]]


def run(
    provider: Provider = "auto",
    rounds: int = _ROUNDS,
    models: Path | None = None,
    model: Path | None = None,
    trained: Path | None = None,
) -> Report:
    """Percentiles of a step in microseconds, for each ``*.onnx`` of ``models`` (those shipped by default).

    With ``model``, for this one alone, and beside torch too with the run in the folder ``trained``. With
    ``provider`` "auto" both the CPU and, where it loads, CUDA are measured.
    """
    if trained is not None and model is None:
        raise ModelError("model must be given with a run, got none; --model M.onnx --run RUN")
    folder = models or Path(tsumami.engine.models.__file__).parent
    paths = sorted(folder.glob("*.onnx")) if model is None else [model]
    notes = [_TURNS] if paths else [_TURNS, "There is no model to measure yet."]
    rows: list[Row] = []
    for path in paths:
        for chosen in _providers(provider, path, notes):
            for what, cases in _cases(path, chosen, trained).items():
                rows += _measure(f"{path.stem} {what} on {chosen}", cases, rounds)
    return Report("inference" if model is None else f"inference-{model.stem}", rows, notes)


def _providers(wanted: Provider, path: Path, notes: list[str]) -> tuple[Provider, ...]:
    """The providers to measure a model on; a note says when CUDA is left out."""
    if wanted != "auto":
        return (wanted,)
    try:
        open_on(load_bytes(path), name_of(path), "cuda")
    except ModelError:
        if _NO_CUDA not in notes:
            notes.append(_NO_CUDA)
        return ("cpu",)
    return ("cpu", "cuda")


def _measure(what: str, cases: Mapping[str, Call], rounds: int) -> list[Row]:
    times = interleaved(cases, rounds, title=what)
    return [
        Row.lower_is_better(
            f"{what}, {name}",
            float(np.percentile(times[_OURS], rank)),
            "µs",
            f"{peer}, {name}",
            float(np.percentile(times[peer], rank)),
        )
        for peer in list(cases)[1:]
        for name, rank in _PERCENTILES.items()
    ]


def _cases(path: Path, provider: Provider, trained: Path | None) -> dict[str, dict[str, Call]]:
    """What there is to measure of a model, and who does it: first ours, then the others."""
    contract, session = read_contract(path), _bare_session(path)
    rng = np.random.default_rng(0)
    feed = {
        tensor.name: rng.uniform(0, 1, tensor.shape).astype(np.float32) for tensor in session.get_inputs()
    }
    if contract.kind != "macros":
        return {"step": {_OURS: _streaming(path, provider, feed), _BARE: lambda: session.run(None, feed)}}
    outputs = {tensor.name for tensor in session.get_outputs()}
    cases: dict[str, dict[str, Call]] = {}
    if "decoded" in outputs:
        cases |= _two_way_cases(path, provider, session, feed)
    if "predicted" in outputs and provider == "cpu":
        cases["listen"] = _listening_cases(path, session, feed)
    if trained is not None and provider == "cpu":
        for what, call in _in_torch(trained, contract, feed).items():
            cases[what][_TORCH] = call
    return cases


def _streaming(path: Path, provider: Provider, feed: Feed) -> Call:
    model = Inference(path, provider)
    model.prepare()
    for name, array in model.inputs.items():
        array[:] = feed[name]
    return model.step


def _two_way_cases(path: Path, provider: Provider, session: Any, feed: Feed) -> dict[str, dict[str, Call]]:
    model = MacroModel(path, provider)
    model.prepare()
    latent, parameters = feed["latent"][0], feed["parameters"][0]
    context = feed["context"][0] if "context" in feed else np.zeros(0, np.float32)
    return {
        "decode": {
            _OURS: lambda: model.decode(latent, context),
            _BARE: lambda: session.run(["decoded"], feed),
        },
        "encode": {
            _OURS: lambda: model.encode(parameters, context),
            _BARE: lambda: session.run(["encoded"], feed),
        },
    }


def _listening_cases(path: Path, session: Any, feed: Feed) -> dict[str, Call]:
    model, mel = SoundModel(path), feed["mel"][0]
    return {_OURS: lambda: model.listen(mel), _BARE: lambda: session.run(["predicted"], feed)}


def _in_torch(trained: Path, contract: Contract, feed: Feed) -> dict[str, Call]:
    try:
        from tsumami.training.macros.run_calls import run_calls
    except ImportError as error:
        raise ModelError(
            f"libraries of training must be installed to measure torch, got no {error.name}; "
            "pip install 'tsumami[training]'"
        ) from None
    return run_calls(trained, contract, feed)


def _bare_session(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
