"""A VST3 plugin under pedalboard, for those that DawDreamer cannot load."""

import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import PluginError
from tsumami.plugins.offline.messages import Sound
from tsumami.plugins.offline.score import score_of
from tsumami.plugins.offline.settings import RenderSettings
from tsumami.plugins.vst3.plugin import MidiMessage, Plugin, seconds_of


class PedalboardPlayer:
    """See `tsumami.plugins.offline.player.Player`."""

    def __init__(self, path: Path, settings: RenderSettings) -> None:
        self._path, self._settings = path, settings
        score = score_of(settings).delayed(settings.warm_up_frames)
        self._frames, self._messages = score.frames, score.messages
        self.reload()
        self.parameters = tuple(row.name for row in self._plugin.parameters.rows)
        self.defaults = self._plugin.values()
        self._render(settings.block_size)  # a plugin may only know its latency once it has played
        self.latency_samples = self._plugin.latency_samples
        self.reload()

    def reload(self) -> None:
        """Load the plugin anew."""
        self._plugin = Plugin(self._path)
        if not self._plugin.is_instrument:
            raise PluginError(f"plugin must be an instrument, got the effect {self._plugin.name}")

    def play(self, sound: Sound) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Audio ``[channels, frames]``, and the positions as the plugin has them."""
        if sound.state is not None:
            self._load_state(sound.state, sound.state_format)
        for index in np.flatnonzero(~np.isnan(sound.values)):
            self._plugin.set_value(int(index), float(sound.values[index]))
        first = self._settings.warm_up_frames + self.latency_samples
        audio = self._render(self._frames + self.latency_samples)
        return audio[:, first:], self._plugin.values()

    def _load_state(self, state: bytes, state_format: str) -> None:
        if state_format != "vstpreset":
            self._plugin.state = state
            return
        with tempfile.TemporaryDirectory(prefix="tsumami-render-") as folder:
            file = Path(folder, "preset.vstpreset")
            file.write_bytes(state)
            self._plugin.load_preset(file)

    def _render(self, frames: int) -> npt.NDArray[np.float32]:
        size = self._settings.block_size
        blocks = [self._block(first, min(size, frames - first)) for first in range(0, frames, size)]
        return np.concatenate(blocks, axis=1)

    def _block(self, first: int, frames: int) -> npt.NDArray[np.float32]:
        rate = self._settings.sample_rate
        due: list[MidiMessage] = [
            (data, seconds_of(time - first, rate))
            for time, data in self._messages
            if first <= time < first + frames
        ]
        return self._plugin.play(due, frames, rate, self._settings.block_size)
