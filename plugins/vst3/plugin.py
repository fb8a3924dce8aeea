"""One loaded VST3 plugin, through pedalboard. Import this only where a plugin may take the process down."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pedalboard import VST3Plugin

from tsumami.engine.errors import PluginError
from tsumami.plugins.vst3.parameters import ParameterTable, PluginParameter

_LOAD_SECONDS = 10.0
_MOST_CHOICES = 64
"""A parameter of more steps than this is treated as continuous."""
_HALF_SAMPLE = 0.5
_STANDS_IN = re.compile(r"MIDI CC \d+\|\d+$")
"""Names of the 2080 parameters through which JUCE's VST3 plugins get controllers: not for people."""

MidiMessage = tuple[bytes, float]
"""Bytes and the time in seconds from the start of the block, as pedalboard takes them."""


class Plugin:
    """A VST3 instrument or effect, played block by block.

    Not thread-safe: pedalboard's MIDI path holds no lock of its own. Parameters are addressed by their
    row in ``parameters``, because pedalboard's own dictionary keeps one row of each name and drops the
    rest; a restart of the plugin inside pedalboard would leave these rows dangling. The calls raise
    `PluginError` for what the plugin refuses; what crashes takes the process with it.
    """

    def __init__(self, path: Path, name: str | None = None) -> None:
        self._plugin = _load(path, name)
        listed = list(self._plugin._parameters)  # the list, not the dictionary: rows may share a name
        rows = [_row(index, row) for index, row in enumerate(listed) if not _STANDS_IN.match(row.name)]
        self.parameters = ParameterTable(rows)
        self._rows = [listed[row.index] for row in rows]
        self.path = path
        self.name = str(self._plugin.name)
        self.vendor = str(self._plugin.manufacturer_name)
        self.version = str(self._plugin.version)
        self.is_instrument = bool(self._plugin.is_instrument)

    @property
    def latency_samples(self) -> int:
        """Delay that the plugin reports, at the sample rate it was last played at."""
        return int(self._plugin.reported_latency_samples)

    @property
    def state(self) -> bytes:
        """All that the plugin says of itself, to be given back to it as it is."""
        return bytes(self._plugin.raw_state)

    @state.setter
    def state(self, state: bytes) -> None:
        try:
            self._plugin.raw_state = state
        except (RuntimeError, ValueError, TypeError) as error:
            raise PluginError(f"state must be one that {self.name} saved, got {_reason(error)}") from error

    @property
    def preset(self) -> bytes:
        """The content of a ``.vstpreset`` file of its present sound."""
        return bytes(self._plugin.preset_data)

    def load_preset(self, path: Path) -> None:
        """Load a ``.vstpreset`` file."""
        try:
            self._plugin.load_preset(str(path))
        except (RuntimeError, ValueError, OSError) as error:
            raise PluginError(
                f"preset must be a .vstpreset of {self.name}, got {path} ({_reason(error)})"
            ) from error

    def values(self) -> npt.NDArray[np.float32]:
        """Positions 0-1 of all parameters, float32 ``[parameters]``."""
        return np.array([row.raw_value for row in self._rows], np.float32)

    def value(self, row: int) -> float:
        """Position 0-1 of one parameter."""
        return float(self._rows[row].raw_value)

    def set_value(self, row: int, value: float) -> None:
        """Move one parameter to a position 0-1; the plugin hears of it with the next block."""
        self._rows[row].raw_value = value

    def text(self, row: int) -> str:
        """What the plugin shows for a parameter's present position."""
        return str(self._rows[row].string_value)

    def play(
        self, messages: Sequence[MidiMessage], frames: int, sample_rate: float, block_size: int
    ) -> npt.NDArray[np.float32]:
        """Sound of one block of an instrument, float32 ``[channels, frames]``; goes on from the last.

        ``frames`` may be anything up to ``block_size``, which must stay the same: a larger one would start
        the plugin anew.
        """
        # Half a sample more, so that no rounding of seconds takes one away.
        seconds = (frames + _HALF_SAMPLE) / sample_rate
        sound: npt.NDArray[np.float32] = self._plugin.process(
            messages, seconds, sample_rate, 2, block_size, False
        )
        return sound

    def process(self, audio: npt.NDArray[np.float32], sample_rate: float) -> npt.NDArray[np.float32]:
        """One block through an effect, float32 ``[2, frames]``; may be shorter while it fills its delay.

        The first block must be the longest: a longer one would start the plugin anew.
        """
        sound: npt.NDArray[np.float32] = self._plugin.process(audio, sample_rate, audio.shape[1], False)
        return sound


def seconds_of(offset: int, sample_rate: float) -> float:
    """Time of a message at a sample offset in the block, such that rounding down finds that sample."""
    return (offset + _HALF_SAMPLE) / sample_rate


def _load(path: Path, name: str | None) -> Any:
    if not path.exists():
        raise PluginError(f"plugin must be a VST3 plugin that is there, got {path}")
    try:
        return VST3Plugin(str(path), plugin_name=name, initialization_timeout=_LOAD_SECONDS)
    except (ImportError, ValueError, RuntimeError) as error:
        raise PluginError(
            f"plugin must be a VST3 plugin for this system, got {path} ({_reason(error)}); "
            "`tsumami plugin PATH` says what it is"
        ) from error


def _row(index: int, row: Any) -> PluginParameter:
    return PluginParameter(
        index, str(row.name).strip(), float(row.default_raw_value), str(row.label), _choices(row)
    )


def _choices(row: Any) -> tuple[str, ...]:
    """Texts of a discrete parameter's steps; none for a continuous one, or for one of very many steps."""
    steps = int(row.num_steps)
    if not row.is_discrete or not 2 <= steps <= _MOST_CHOICES:
        return ()
    texts = tuple(str(row.get_text_for_raw_value(step / (steps - 1))) for step in range(steps))
    return texts if len(set(texts)) == steps else ()


def _reason(error: Exception) -> str:
    """The first sentence of a library's message, on one line."""
    return " ".join(str(error).split())[:160] or type(error).__name__
