"""What the main process and an engine process tell each other when one starts the other."""

from dataclasses import dataclass, field
from typing import Any

from tsumami.engine.strip.settings import DeviceRequest, StripSettings


@dataclass(frozen=True, slots=True)
class StageSource:
    """How the engine process makes a stage: a class or function ``"module:name"`` and its arguments.

    A name, so that the engine does not import the packages above it.
    """

    name: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """All that an engine process is told when it starts.

    ``effects`` stand between the mix and the output, in order, and ``input_stages`` between the input and the
    mix, where the settings ask for an input. ``macro_model`` is a path, or None
    for no macros; ``macro_axes`` are directions of its latent for them to move along, one each, and none for
    the model's own.
    """

    memory_name: str
    instrument: StageSource
    values: tuple[float, ...]
    effects: tuple[StageSource, ...] = ()
    input_stages: tuple[StageSource, ...] = ()
    settings: StripSettings = field(default_factory=StripSettings)
    device: DeviceRequest = field(default_factory=DeviceRequest)
    macro_model: str | None = None
    macro_axes: tuple[tuple[float, ...], ...] = ()
    provider: str = "auto"
    recording: bool = False
    scope: bool = False
    """Whether somebody looks at the output."""
    stress: bool = False
    """Run a busy Python thread beside the engine's own, as the benchmarks do."""
    first_sample: int = 0


@dataclass(frozen=True, slots=True)
class MacroLabel:
    """A macro's name and what the two ends of its knob are called."""

    name: str
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Message:
    """What an engine process tells the main process.

    ``kind`` is ready, failed or lost (the device); the client adds died, refused and restarted.
    ``latency_seconds`` is from an event to the converter; ``provider`` runs the macro model. ``input`` is the
    device that is heard, ``""`` where none is, and ``input_latency_seconds`` the way from its converter to
    the output's.
    """

    kind: str
    text: str
    device: str = ""
    latency_seconds: float = 0.0
    provider: str = ""
    macros: tuple[MacroLabel, ...] = ()
    input: str = ""
    input_latency_seconds: float = 0.0
