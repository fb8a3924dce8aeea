"""What a program change chooses from: the patches of a bank, or the presets of a plugin."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tsumami.engine import EngineClient
from tsumami.plugins import Patch
from tsumami.plugins.hosted.client import PluginClient
from tsumami.plugins.hosted.sounds import sound_of_preset
from tsumami.plugins.presets import Preset


class Programs(Protocol):
    """Sounds by number."""

    def load(self, number: int) -> str | None:
        """Load a sound and return its name; None when nothing has that number or it could not be sent."""
        ...


class PatchPrograms:
    """The patches of a bank, for an instrument in the engine."""

    def __init__(self, client: EngineClient, patches: Sequence[Patch]) -> None:
        self._client, self._patches = client, patches

    def load(self, number: int) -> str | None:
        """Load a patch; None for a number beyond the bank."""
        if not 0 <= number < len(self._patches):
            return None
        patch = self._patches[number]
        return patch.name if self._client.load_patch(patch.values) else None


class PresetPrograms:
    """The presets of a folder, for a plugin; offline the loading is waited for."""

    def __init__(self, client: PluginClient, presets: Sequence[Preset], *, waits: bool = False) -> None:
        self._client, self._presets = client, presets
        self._waits = waits

    def load(self, number: int) -> str | None:
        """Let the plugin load a preset; None for a number beyond the folder."""
        if not 0 <= number < len(self._presets):
            return None
        self._client.load(sound_of_preset(self._presets[number]))
        if self._waits:
            self._client.wait_loaded()
        return self._presets[number].name

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """Where the plugin's parameters stand now, positions 0-1."""
        return self._client.values


class MacroPresets:
    """The presets of a plugin that macros move: these wait for it, and move from what it has taken."""

    def __init__(self, plugin: PluginClient, presets: Sequence[Preset], engine: EngineClient) -> None:
        self._programs = PresetPrograms(plugin, presets)
        self._plugin, self._engine = plugin, engine
        self._is_waiting = False

    def load(self, number: int) -> str | None:
        """Let the plugin load a preset, and the macros hold still; None for a number beyond the folder."""
        self._engine.hold_macros()
        name = self._programs.load(number)
        self._is_waiting = True
        return name

    def follow(self) -> None:
        """Once the plugin has loaded, let the macros go on from where it stands; called now and then."""
        if self._is_waiting and not self._plugin.is_loading:
            self._is_waiting = not self._engine.take_over(self._programs.values)
