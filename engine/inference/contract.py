"""The contract between ``training``, which writes a model, and the engine, which runs it.

A model is one ONNX file with fixed shapes; its metadata entry ``tsumami`` holds a `Contract` as JSON.
Which tensors the file then has is told by `tsumami.engine.inference.contract_tensors`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from tsumami.engine.document import from_json, to_json
from tsumami.engine.errors import ModelError

ModelKind = Literal["macros", "restoration", "groove", "loops", "timbre"]
"""What a model does; the same five words name its module in every package."""

CONTRACT_VERSION: Final = 1
METADATA_KEY: Final = "tsumami"

BUILTIN: Final = "builtin"
"""What contracts call the built-in synthesizer."""

RENDER: Final[Mapping[str, float]] = {
    "note": 60,
    "velocity": 100,
    "hold_seconds": 3.5,
    "length_seconds": 4.0,
}
"""The note that a model's sounds are of, unless it says otherwise; note and velocity are MIDI's."""

AGAIN: Final = "export the model again with `tsumami train`"
"""The remedy for a file that breaks its contract."""


@dataclass(frozen=True, slots=True)
class Latent:
    """One dimension of a latent space: its name, what its two ends are called, and its useful range.

    Where it has a ``direction``, L numbers, the macro of its name moves along that instead of the dimension,
    and the range is that of places along it, in lengths of the direction.
    """

    name: str
    low: str
    high: str
    minimum: float
    maximum: float
    direction: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelParameter:
    """One row of the parameter table of a macros model; discrete when it lists ``choices``.

    The position of choice i is i / (len(choices) - 1), as everywhere in `tsumami.engine.parameter`.
    """

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
    ``normalisation`` and ``metrics`` are named numbers. ``instrument`` is `BUILTIN` or a plugin's name, and
    ``render`` the note that it played, with the names of `RENDER`. `ModelError` when a field breaks its rule.
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
    instrument: str = BUILTIN
    render: Mapping[str, float] = field(default_factory=lambda: dict(RENDER))
    contract_version: int = CONTRACT_VERSION

    def __post_init__(self) -> None:
        if self.contract_version != CONTRACT_VERSION:
            raise ModelError(
                f"contract_version must be {CONTRACT_VERSION}, got {self.contract_version}; {AGAIN}"
            )
        if self.kind not in get_args(ModelKind):
            raise ModelError(f"kind must be one of {', '.join(get_args(ModelKind))}, got {self.kind}")
        if self.sample_rate <= 0:
            raise ModelError(f"sample_rate must be above 0 Hz, got {self.sample_rate}")
        if self.n_fft < 0 or not 0 <= self.hop <= self.n_fft:
            raise ModelError(f"hop must be in 0-n_fft ({self.n_fft}) samples, got {self.hop}")
        if self.kind == "macros" and not self.continuous:
            raise ModelError(f"parameters of a macros model must have continuous rows, got none; {AGAIN}")
        if set(self.render) != set(RENDER):
            given = ", ".join(self.render) or "nothing"
            raise ModelError(f"render must hold {', '.join(RENDER)}, got {given}; {AGAIN}")
        for latent in self.latents:
            if not latent.minimum < latent.maximum:
                raise ModelError(
                    f"minimum of latent {latent.name} must be below {latent.maximum}, got {latent.minimum}"
                )
            if len(latent.direction) not in (0, len(self.latents)):
                raise ModelError(
                    f"direction of latent {latent.name} must be {len(self.latents)} numbers, one a latent, "
                    f"got {len(latent.direction)}; {AGAIN}"
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


def _check_unique(what: str, names: Sequence[str]) -> None:
    for i, name in enumerate(names):
        if name in names[:i]:
            raise ModelError(f"names of {what} must be unique, got {name} twice")
