"""What the page's process is told once, when it starts: plain values that can be sent to it."""

from dataclasses import dataclass
from typing import Any

import msgspec

from tsumami.engine.config import MacroLabel
from tsumami.engine.parameter import Parameter


@dataclass(frozen=True, slots=True)
class Address:
    """One thing that can be moved or asked for, as `tsumami.bridge.osc.surface.Surface` lists it."""

    address: str
    types: str
    """A letter for each argument: f a number, i a whole one, s another address."""
    low: float
    high: float
    kind: str = "action"
    """What is moved: macro, parameter, effect, bypass, gain and so on; or an action."""
    index: int = 0
    """Row of the macro or parameter."""
    name: str = ""
    default: float = 0.0
    unit: str = ""
    """Of the whole way ``full``, where the position is told in one."""
    full: float = 1.0


@dataclass(frozen=True, slots=True)
class Sound:
    """A patch or preset as the browser lists it."""

    name: str
    category: str
    tags: tuple[str, ...]
    values: tuple[float, ...] = ()
    """Where it has the parameters, rounded; empty where only the plugin knows."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it."""

    addresses: tuple[Address, ...]
    macros: tuple[MacroLabel, ...]
    sounds: tuple[Sound, ...]
    parameters: tuple[Parameter, ...]
    sample_rate: int
    block_size: int
    has_input: bool
    has_repair: bool
    has_groove: bool
    has_reference: bool
    has_timbre: bool

    def document(self) -> dict[str, Any]:
        """What a browser is told of it."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        document["choices"] = [len(parameter.choices) for parameter in self.parameters]
        del document["parameters"]
        return document
