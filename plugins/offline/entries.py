"""Presets as a plugin takes them: names become its parameters' indices, what does not fit is told."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from tsumami.engine.errors import ParameterError
from tsumami.plugins.offline.messages import Instrument, Ready, Sound
from tsumami.plugins.presets.formats import format_module, read_presets
from tsumami.plugins.presets.preset import Preset, check_synth
from tsumami.plugins.vst3.parameters import ParameterTable, PluginParameter

BUILTIN_SYNTH: Final = "Tsumami"
_FILE_FORMATS: Final = ("vstpreset", "fxp")
"""Formats whose file the plugin's host loads as it is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a data set: what the preset says of itself, and what the plugin is given."""

    preset: Preset
    sound: Sound

    @property
    def key(self) -> bytes:
        """Hash of what the plugin is given."""
        digest = hashlib.blake2b(self.sound.values.data, digest_size=16)
        digest.update(self.sound.state or b"")
        return digest.digest()

    @property
    def raw(self) -> str:
        """The preset's own settings, and what was not understood of them, as one JSON object."""
        return json.dumps({**self.preset.settings, **self.preset.unknown}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Entries:
    """The rows, with what was left out: unknown parameter names and refused presets, each counted."""

    rows: tuple[Entry, ...]
    unknown: Counter[str]
    refused: Counter[str]
    """Reasons, with how many presets each kept out."""


def read_all(paths: Iterable[str | Path], on_broken: Callable[[ParameterError], None]) -> list[Preset]:
    """Presets of files, banks and folders, in that order; broken files of a folder go to ``on_broken``."""
    return [preset for path in paths for preset in read_presets(path, on_broken)]


def entries_of(presets: Sequence[Preset], instrument: Instrument, ready: Ready) -> Entries:
    """The rows of a data set. Raises `ParameterError` when no preset fits the instrument."""
    matcher = _Matcher(instrument, ready)
    rows: list[Entry] = []
    refused: Counter[str] = Counter()
    first_refusal = ""
    for preset in presets:
        try:
            rows.append(matcher.entry(preset))
        except ParameterError as error:
            refused[f"{preset.source.partition('#')[0]}: {preset.synth or preset.format}"] += 1
            first_refusal = first_refusal or str(error)
    if not rows:
        raise ParameterError(first_refusal or "presets must be at least one, got none")
    return Entries(tuple(rows), matcher.unknown, refused)


class _Matcher:
    """Turns names into indices, once for each name."""

    def __init__(self, instrument: Instrument, ready: Ready) -> None:
        self._name = instrument.name if instrument.path is not None else BUILTIN_SYNTH
        self._defaults = ready.defaults
        self._table = ParameterTable(
            [
                PluginParameter(index, name, float(default))
                for index, (name, default) in enumerate(zip(ready.parameters, ready.defaults, strict=True))
            ]
        )
        self._rows: dict[str, int | None] = {}
        self.unknown: Counter[str] = Counter()

    def entry(self, preset: Preset) -> Entry:
        """Raises `ParameterError` for a preset of another synthesizer, or without anything to load."""
        check_synth(preset, self._name)
        values = np.full(len(self._table), np.nan, np.float32)
        known = 0
        for name, position in preset.positions.items():
            row = self._row(name)
            if row is None:
                self.unknown[name] += 1
            else:
                values[row] = position
                known += 1
        if preset.state is None:
            if not known:
                raise ParameterError(
                    f"preset must set a parameter of {self._name} or hold its state, "
                    f"got {preset.name!r} in {preset.source}, which does neither"
                )
            values = np.where(np.isnan(values), self._defaults, values)
            return Entry(preset, Sound(values))
        return Entry(preset, Sound(values, *_state_file(preset, preset.state)))

    def _row(self, name: str) -> int | None:
        if name not in self._rows:
            try:
                self._rows[name] = self._table.find(name)
            except ParameterError:  # unknown, or the name of several
                self._rows[name] = None
        return self._rows[name]


def _state_file(preset: Preset, state: bytes) -> tuple[bytes, str]:
    """The bytes of a state and the ending of the file that holds such."""
    if preset.format in _FILE_FORMATS:
        return format_module(preset.format).encode([preset]), preset.format
    return state, "state"
