"""A VST2 or VST3 plugin under DawDreamer.

DawDreamer and numba each carry an LLVM and crash in one process unless DawDreamer comes first, so this is
imported only by render hosts, which never load numba.
"""

import itertools
import re
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from dawdreamer import RenderEngine  # pyright: ignore[reportAttributeAccessIssue]

from tsumami.engine.errors import PluginError
from tsumami.plugins.offline.messages import Sound
from tsumami.plugins.offline.score import score_of
from tsumami.plugins.offline.settings import RenderSettings

_MIDI_PARAMETER: Final = re.compile(r"MIDI CC \d+\|\d+")
"""The 2,080 parameters by which JUCE's VST3 plugins hear controllers; they stand behind the plugin's own."""

_HALF_FRAME = 0.5
"""Added to every length, so that no rounding of seconds takes a frame away."""

_LOADERS: Final = {"vstpreset": "load_vst3_preset", "fxp": "load_preset", "fxb": "load_preset"}
"""Methods that read a preset from a file, by the file's ending."""


class DawDreamerPlayer:
    """A plugin in a graph of its own; see `tsumami.plugins.offline.player.Player`."""

    def __init__(self, path: Path, settings: RenderSettings) -> None:
        self._path, self._settings = path, settings
        self._folder = tempfile.TemporaryDirectory(prefix="tsumami-render-")
        score = score_of(settings).delayed(settings.warm_up_frames)
        self._frames = score.frames
        self._midi = Path(self._folder.name, "score.mid")
        self._midi.write_bytes(score.midi_file(settings.sample_rate))
        self.reload()
        names = (
            str(self._plugin.get_parameter_name(i)) for i in range(self._plugin.get_plugin_parameter_size())
        )
        self.parameters = tuple(map(str.strip, itertools.takewhile(_is_own, names)))
        self.defaults = self._values()
        self.latency_samples = int(self._plugin.get_latency_samples())

    def reload(self) -> None:
        """Load the plugin anew."""
        self._engine: Any = RenderEngine(self._settings.sample_rate, self._settings.block_size)
        try:
            self._plugin: Any = self._engine.make_plugin_processor("plugin", str(self._path))
        except RuntimeError as error:
            raise PluginError(f"plugin must be one that DawDreamer loads, got {self._path}") from error
        if self._plugin.get_num_output_channels() == 0:
            raise PluginError(f"plugin must have an audio output, got {self._path} with none")
        self._engine.load_graph([(self._plugin, [])])
        self._plugin.load_midi(str(self._midi), clear_previous=True, beats=False, all_events=True)

    def play(self, sound: Sound) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Audio ``[channels, frames]``, and the positions as the plugin has them."""
        if sound.state is not None:
            self._load_state(sound.state, sound.state_format)
        for index in np.flatnonzero(~np.isnan(sound.values)):
            self._plugin.set_parameter(int(index), float(sound.values[index]))
        first = self._settings.warm_up_frames + self.latency_samples
        frames = self._frames + self.latency_samples
        self._engine.render((frames + _HALF_FRAME) / self._settings.sample_rate)
        return self._engine.get_audio()[:, first:frames], self._values()

    def _values(self) -> npt.NDArray[np.float32]:
        return np.array([self._plugin.get_parameter(i) for i in range(len(self.parameters))], np.float32)

    def _load_state(self, state: bytes, state_format: str) -> None:
        file = Path(self._folder.name, f"preset.{state_format}")
        file.write_bytes(state)
        try:
            loaded = getattr(self._plugin, _LOADERS[state_format])(str(file))
        except RuntimeError as error:
            raise PluginError(f"state must be one that {self._path.stem} takes, got {error}") from error
        if loaded is False:
            raise PluginError(f"state must be one that {self._path.stem} takes, got one that it refuses")


def _is_own(name: str) -> bool:
    return _MIDI_PARAMETER.fullmatch(name) is None
