"""How the engine process reaches a plugin: what a plugin's supervisor hands to its stage."""

from dataclasses import dataclass
from typing import Any, Final

from tsumami.engine.parameter import Parameter

INSTRUMENT: Final = -1
"""The place of a plugin that is the instrument; effects are numbered from 0."""


@dataclass(frozen=True, slots=True)
class HostedSettings:
    """All that `HostedPlugin` needs to know.

    ``latency_samples`` is the plugin's own. ``patience_seconds`` is how long a block may wait for its
    answer: 0 on stage, some seconds offline, where no block may be missed.
    """

    memory_name: str
    bell: Any
    name: str
    place: int = INSTRUMENT
    latency_samples: int = 0
    parameters: tuple[Parameter, ...] = ()
    patience_seconds: float = 0.0
    is_bypassed: bool = False
