"""What a plugin's process and its supervisor tell each other, through a pipe."""

from dataclasses import dataclass

from tsumami.plugins.presets import Preset
from tsumami.plugins.vst3.parameters import PluginParameter


@dataclass(frozen=True, slots=True)
class LoadState:
    """To the host: take this state, which the plugin once saved."""

    state: bytes


@dataclass(frozen=True, slots=True)
class LoadPreset:
    """To the host: take the ``.vstpreset`` at this path."""

    path: str


@dataclass(frozen=True, slots=True)
class LoadPositions:
    """To the host: put parameters, by name, at the preset's positions 0-1; the others stay."""

    preset: Preset


Sound = LoadState | LoadPreset | LoadPositions


@dataclass(frozen=True, slots=True)
class HostConfig:
    """All that a process is told to become the host of one plugin.

    ``generation`` counts the processes that this plugin has had. ``sound`` is what to begin with: a preset,
    or the state that the last process saved. One that is not live takes its time.
    """

    memory_name: str
    path: str
    plugin_name: str | None
    is_effect: bool
    sample_rate: float
    block_size: int
    generation: int = 1
    sound: Sound | None = None
    is_live: bool = True


@dataclass(frozen=True, slots=True)
class PluginFacts:
    """What a loaded plugin says of itself, and how it stands."""

    name: str
    vendor: str
    version: str
    latency_samples: int
    parameters: tuple[PluginParameter, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The plugin plays."""

    facts: PluginFacts
    state: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """The plugin could not be loaded, or raised an error; the process ends."""

    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The plugin goes on, but did not take a state or preset."""

    text: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The plugin's state as it was just now."""

    state: bytes
