"""Opening a model on an execution provider of ONNX Runtime: the one that really loads, or a clear refusal."""

import contextlib
import io
from typing import Any, Literal, get_args

import onnxruntime

from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract_file import open_session

Provider = Literal["auto", "cpu", "cuda"]
"""What to run a model on; ``auto`` is CUDA where it loads, else the CPU."""

_CPU = "CPUExecutionProvider"
_CUDA = "CUDAExecutionProvider"
_FATAL_ONLY = 4
_REMEDY = "install `pip install tsumami[cuda]` and an NVIDIA driver, or use --provider cpu"


def open_on(model: bytes, name: str, provider: Provider, *, fixed_addresses: bool = False) -> Any:
    """An ``onnxruntime.InferenceSession`` with one thread of its own, the caller's.

    ``fixed_addresses`` promises that every run binds the same buffers, so that CUDA may capture the model
    as a graph; models that cannot be captured run without. `ModelError` when the model cannot be loaded, or
    when the provider is forced and missing. Which provider it became is told by `provider_of`.
    """
    if provider not in get_args(Provider):
        raise ModelError(f"provider must be one of {', '.join(get_args(Provider))}, got {provider}")
    if provider != "cpu":
        session = _open_cuda(model, name, fixed_addresses)
        if session is not None:
            return session
    if provider == "cuda":
        raise ModelError(f"provider of {name} must load, got cuda, which does not load here; {_REMEDY}")
    return open_session(model, name, _options(), [_CPU])


def provider_of(session: Any) -> Provider:
    """Which provider a session really runs on."""
    return "cuda" if session.get_providers()[0] == _CUDA else "cpu"


def _open_cuda(model: bytes, name: str, fixed_addresses: bool) -> Any:
    """A session on CUDA, or None where CUDA does not load (a broken model is left to the CPU to refuse)."""
    if _CUDA not in onnxruntime.get_available_providers():
        return None
    with contextlib.redirect_stdout(io.StringIO()):  # it prints each library that it does not find
        onnxruntime.preload_dlls()
    for graph in ("1", "0") if fixed_addresses else ("0",):
        providers: list[str | tuple[str, dict[str, str]]] = [(_CUDA, {"enable_cuda_graph": graph}), _CPU]
        with contextlib.suppress(ModelError):
            session = open_session(model, name, _options(), providers)
            return session if provider_of(session) == "cuda" else None
    return None


def _options() -> Any:
    """One thread, the caller's, that never spins: the other cores belong to the audio."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = _FATAL_ONLY
    return options
