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

_FILE_FORMATS: Final = ("vstpreset", "fxp", "fxb")
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


def read_all(
    given: Iterable[str | Path | Preset], on_broken: Callable[[ParameterError], None]
) -> list[Preset]:
    """Presets, and those of files, banks and folders; broken files of a folder go to ``on_broken``."""
    found: list[Preset] = []
    for item in given:
        found += [item] if isinstance(item, Preset) else read_presets(item, on_broken)
    return found


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
        self._name, self._plugin_id = instrument.name, instrument.plugin_id
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
        self._check_plugin(preset)
        values = np.full(len(self._table), np.nan, np.float32)
        if preset.format in _FILE_FORMATS:
            return Entry(preset, Sound(values, *_file_of(preset)))
        known = 0
        for name, position in preset.positions.items():
            row = self._row(name)
            if row is None:
                self.unknown[name] += 1
            else:
                values[row] = position
                known += 1
        if not known:
            raise ParameterError(
                f"preset must set a parameter of {self._name} or hold its state, "
                f"got {preset.name!r} in {preset.source}, which does neither"
            )
        return Entry(preset, Sound(np.where(np.isnan(values), self._defaults, values)))

    def _check_plugin(self, preset: Preset) -> None:
        """A state of another plugin may be taken without a word, or crash."""
        theirs, ours = preset.plugin_id, self._plugin_id
        if theirs and ours and theirs.casefold() != ours.casefold():
            raise ParameterError(
                f"preset must be one of {self._name} ({ours}), got {preset.name!r} of the plugin {theirs} "
                f"in {preset.source}"
            )

    def _row(self, name: str) -> int | None:
        if name not in self._rows:
            try:
                self._rows[name] = self._table.find(name)
            except ParameterError:  # unknown, or the name of several
                self._rows[name] = None
        return self._rows[name]


def _file_of(preset: Preset) -> tuple[bytes, str]:
    """A preset as a file of its format, and the ending of such; a program of a bank is a file of its own."""
    is_program = preset.format == "fxb" and preset.state is None
    file_format = "fxp" if is_program else preset.format
    return format_module(file_format).encode([preset]), file_format
