"""The contract between ``training``, which writes a model, and the engine, which runs it.

A model is one ONNX file with fixed shapes; its metadata entry ``tsumami`` holds a `Contract` as JSON.
Tensors are float32. Kind ``macros`` has a two-way graph, all shapes ``[1, n]``:

    inputs   latent [1, L], parameters [1, P], context [1, C]
    outputs  decoded [1, P] = parameters at that latent and context
             encoded [1, L] = latent of those parameters and that context

with L the latents, P the continuous parameters, and C the choices of all discrete parameters: their
one-hot vectors concatenated in the order of the table. The other kinds stream: inputs ``x`` and
``state_*``, outputs ``y`` and ``next_state_*`` of the same shapes, any number of states.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import onnxruntime

from tsumami.engine.document import from_json, to_json
from tsumami.engine.errors import ModelError

ModelKind = Literal["macros", "restoration", "groove", "loops", "timbre"]
"""What a model does; the same five words name its module in every package."""

CONTRACT_VERSION = 1
METADATA_KEY = "tsumami"

_FLOAT32 = "tensor(float)"
_AGAIN = "export the model again with `tsumami train`"

# Errors are raised as ModelError; the library's own printing beside them is noise.
_FATAL_ONLY = 4
onnxruntime.set_default_logger_severity(_FATAL_ONLY)


@dataclass(frozen=True, slots=True)
class Latent:
    """One dimension of a latent space: its name, what its two ends are called, and its useful range."""

    name: str
    low: str
    high: str
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class ModelParameter:
    """One row of the parameter table of a macros model; discrete when it lists ``choices``."""

    name: str
    choices: tuple[str, ...] = ()

    @property
    def is_discrete(self) -> bool:
        """Whether the parameter only takes its listed choices."""
        return bool(self.choices)


@dataclass(frozen=True, slots=True)
class Training:
    """Where a model comes from: its data, their hash, and the command and seed that repeat it."""

    data: str
    data_hash: str
    command: str
    seed: int


@dataclass(frozen=True, slots=True)
class Contract:
    """What a model file says of itself.

    ``sample_rate`` is in Hz, ``n_fft`` and ``hop`` in samples (0 when the model sees no spectrum),
    ``normalisation`` and ``metrics`` are named numbers. `ModelError` when a field breaks its rule.
    """

    name: str
    kind: ModelKind
    sample_rate: int
    training: Training
    n_fft: int = 0
    hop: int = 0
    window: str = ""
    normalisation: Mapping[str, float] = field(default_factory=dict)
    parameters: tuple[ModelParameter, ...] = ()
    latents: tuple[Latent, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    contract_version: int = CONTRACT_VERSION

    def __post_init__(self) -> None:
        if self.contract_version != CONTRACT_VERSION:
            raise ModelError(
                f"contract_version must be {CONTRACT_VERSION}, got {self.contract_version}; {_AGAIN}"
            )
        if self.kind not in get_args(ModelKind):
            raise ModelError(f"kind must be one of {', '.join(get_args(ModelKind))}, got {self.kind}")
        if self.sample_rate <= 0:
            raise ModelError(f"sample_rate must be above 0 Hz, got {self.sample_rate}")
        if self.n_fft < 0 or not 0 <= self.hop <= self.n_fft:
            raise ModelError(f"hop must be in 0-n_fft ({self.n_fft}) samples, got {self.hop}")
        if self.kind == "macros" and not (self.continuous and self.latents):
            raise ModelError(
                "parameters and latents of a macros model must not be empty, got none; " + _AGAIN
            )
        for latent in self.latents:
            if not latent.minimum < latent.maximum:
                raise ModelError(
                    f"minimum of latent {latent.name} must be below {latent.maximum}, got {latent.minimum}"
                )
        _check_unique("latents", [latent.name for latent in self.latents])
        _check_unique("parameters", [parameter.name for parameter in self.parameters])

    @property
    def continuous(self) -> tuple[ModelParameter, ...]:
        """The rows of the parameter table that the model moves, in order."""
        return tuple(parameter for parameter in self.parameters if not parameter.is_discrete)

    @property
    def discrete(self) -> tuple[ModelParameter, ...]:
        """The rows of the parameter table that make up the context, in order."""
        return tuple(parameter for parameter in self.parameters if parameter.is_discrete)

    @property
    def context_size(self) -> int:
        """C: length of the concatenated one-hot vectors of the discrete parameters."""
        return sum(len(parameter.choices) for parameter in self.discrete)

    def to_json(self) -> str:
        """The document for the model's metadata; `from_json` reads back an equal contract."""
        return to_json(self)

    @staticmethod
    def from_json(text: str) -> "Contract":
        """Read a contract document; `ModelError` names the field that is wrong."""
        return from_json(Contract, text, "contract")


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
            f"{name} must hold a contract under the metadata key {METADATA_KEY}, got none; {_AGAIN}"
        )
    try:
        contract = Contract.from_json(text)
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from None
    if kind is not None and contract.kind != kind:
        raise ModelError(f"kind of {name} must be {kind}, got {contract.kind}; choose another model file")
    return contract


def check_tensors(session: Any, contract: Contract, name: str) -> None:
    """Hold an open session's inputs and outputs against the signature of the contract's kind."""
    inputs = {tensor.name: tensor for tensor in session.get_inputs()}
    outputs = {tensor.name: tensor for tensor in session.get_outputs()}
    for tensor in (*inputs.values(), *outputs.values()):
        _check_tensor(tensor, name)
    if contract.kind == "macros":
        _check_macros(inputs, outputs, contract, name)
    else:
        _check_streaming(inputs, outputs, name)


def _open(source: str | Path | bytes) -> Any:
    """A session good enough to look at: no optimisation, on the CPU."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return open_session(load_bytes(source), name_of(source), options, ["CPUExecutionProvider"])


def _check_unique(what: str, names: Sequence[str]) -> None:
    for i, name in enumerate(names):
        if name in names[:i]:
            raise ModelError(f"names of {what} must be unique, got {name} twice")


def _check_tensor(tensor: Any, name: str) -> None:
    """Type float32, shape of fixed numbers."""
    if tensor.type != _FLOAT32:
        raise ModelError(f"tensor {tensor.name} of {name} must be float32, got {tensor.type}; {_AGAIN}")
    if not all(isinstance(size, int) for size in tensor.shape):
        raise ModelError(
            f"shape of {tensor.name} of {name} must be fixed numbers, got {tensor.shape}; {_AGAIN}"
        )


def _check_names(side: str, expected: Sequence[str], found: Mapping[str, Any], name: str) -> None:
    if set(expected) != set(found):
        raise ModelError(
            f"{side} of {name} must be {', '.join(expected)}, got {', '.join(found) or 'none'}; {_AGAIN}"
        )


def _check_macros(
    inputs: Mapping[str, Any], outputs: Mapping[str, Any], contract: Contract, name: str
) -> None:
    latents = len(contract.latents), "latents"
    parameters = len(contract.continuous), "continuous rows of its parameter table"
    context = contract.context_size, "choices of the discrete rows of its parameter table"
    _check_names("inputs", ("latent", "parameters", "context"), inputs, name)
    _check_names("outputs", ("decoded", "encoded"), outputs, name)
    tensors = {**inputs, **outputs}
    sizes = {"latent": latents, "parameters": parameters, "context": context}
    for tensor, (size, what) in {**sizes, "decoded": parameters, "encoded": latents}.items():
        if tensors[tensor].shape != [1, size]:
            raise ModelError(
                f"shape of {tensor} of {name} must be [1, {size}] ({size} {what}), "
                f"got {tensors[tensor].shape}; {_AGAIN}"
            )


def _check_streaming(inputs: Mapping[str, Any], outputs: Mapping[str, Any], name: str) -> None:
    states = [tensor for tensor in inputs if tensor.startswith("state_")]
    _check_names("inputs", ("x", *(states or ["state_*"] if len(inputs) > 1 else states)), inputs, name)
    _check_names("outputs", ("y", *(f"next_{state}" for state in states)), outputs, name)
    for state in states:
        before, after = inputs[state].shape, outputs[f"next_{state}"].shape
        if before != after:
            raise ModelError(
                f"shape of next_{state} of {name} must be that of {state}, {before}, got {after}; {_AGAIN}"
            )
