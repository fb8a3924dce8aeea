"""Model files: the contract in one, and the session that runs it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnxruntime

from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import AGAIN, METADATA_KEY, Contract, ModelKind
from tsumami.engine.inference.contract_tensors import check_tensors

# Errors are raised as ModelError; the library's own printing beside them is noise.
_FATAL_ONLY = 4
onnxruntime.set_default_logger_severity(_FATAL_ONLY)


def read_contract(source: str | Path | bytes) -> Contract:
    """The contract in a model file (or its bytes), without a look at its graph; `ModelError` otherwise."""
    return contract_of(_open(source), name_of(source))


def check_contract(source: str | Path | bytes, kind: ModelKind | None = None) -> Contract:
    """The contract in a model file (or its bytes), held against its kind and its graph.

    `ModelError` says in one sentence what is wrong: no file, no ONNX model, no metadata, another version or
    kind, or a tensor that is missing, misnamed, or of the wrong type or shape.
    """
    session = _open(source)
    contract = contract_of(session, name_of(source), kind)
    check_tensors(session, contract, name_of(source))
    return contract


def name_of(source: str | Path | bytes) -> str:
    """What messages call a model source: its file name."""
    return "model" if isinstance(source, bytes) else Path(source).name


def load_bytes(source: str | Path | bytes) -> bytes:
    """The bytes of a model file; `ModelError` when there is none to read."""
    if isinstance(source, bytes):
        return source
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise ModelError(
            f"model file must be readable, got {source} ({error.strerror}); check its path"
        ) from None


def open_session(
    model: bytes, name: str, options: Any, providers: Sequence[str | tuple[str, dict[str, str]]]
) -> Any:
    """An ``onnxruntime.InferenceSession``; `ModelError` when the bytes are no model that it can run."""
    try:
        return onnxruntime.InferenceSession(model, options, providers=providers, enable_fallback=0)
    except Exception as error:  # ONNX Runtime's errors share no other base class
        reason = str(error).splitlines()[0].rsplit(" : ", 1)[-1].rstrip(".")
        raise ModelError(
            f"{name} must be an ONNX model, got a file that cannot be loaded: {reason}"
        ) from None


def contract_of(session: Any, name: str, kind: ModelKind | None = None) -> Contract:
    """The contract in an open session's metadata, of the ``kind`` asked for."""
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise ModelError(
            f"{name} must hold a contract under the metadata key {METADATA_KEY}, got none; {AGAIN}"
        )
    try:
        contract = Contract.from_json(text)
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from None
    if kind is not None and contract.kind != kind:
        raise ModelError(f"kind of {name} must be {kind}, got {contract.kind}; choose another model file")
    return contract


def _open(source: str | Path | bytes) -> Any:
    """A session good enough to look at: no optimisation, on the CPU."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return open_session(load_bytes(source), name_of(source), options, ["CPUExecutionProvider"])
