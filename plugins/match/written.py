"""A patch that was found, as a preset that its instrument loads."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from tsumami.engine.errors import ParameterError
from tsumami.engine.parameter import Parameter
from tsumami.plugins.builtin.parameters import PARAMETERS
from tsumami.plugins.match.player import PatchPlayer, Values
from tsumami.plugins.match.vst3_preset import vst3_preset
from tsumami.plugins.offline.entries import entries_of
from tsumami.plugins.offline.messages import Instrument, Sound
from tsumami.plugins.presets import amsynth, diva, fxb, fxp, h2p, patch, vstpreset
from tsumami.plugins.presets.formats import format_module
from tsumami.plugins.presets.preset import Preset, Setting, is_same_synth
from tsumami.plugins.vst3.parameters import ParameterTable, PluginParameter

_CATEGORY: Final = "texture"
"""A patch of the built-in synthesizer must have one."""
_OWN_FORMATS: Final = {amsynth.SYNTH: amsynth.FORMAT, diva.SYNTH: h2p.FORMAT}
"""Formats of synthesizers whose parameters are known here, by the synthesizer's name."""
_VST2_ID: Final = 4
"""Characters in the id of a VST2 plugin; that of a VST3 has 32."""


def preset_suffixes(instrument: Instrument) -> dict[str, str]:
    """Endings of the preset files that can be written for an instrument, each with its format."""
    if instrument.path is None:
        formats = [patch.FORMAT]
    else:
        own = [name for synth, name in _OWN_FORMATS.items() if is_same_synth(synth, instrument.name)]
        is_vst2 = len(instrument.plugin_id) == _VST2_ID
        formats = [*own, *((fxp.FORMAT, fxb.FORMAT) if is_vst2 else (vstpreset.FORMAT,))]
    return {suffix: name for name in formats for suffix in format_module(name).SUFFIXES}


def check_preset_path(path: Path, instrument: Instrument) -> str:
    """The format of a preset file by its ending; `ParameterError` for one that cannot be written."""
    suffixes = preset_suffixes(instrument)
    if path.suffix.lower() not in suffixes:
        raise ParameterError(
            f"preset of {instrument.name} must end with {' or '.join(suffixes)}, got {path.name}"
        )
    return suffixes[path.suffix.lower()]


def encode_patch(path: Path, instrument: Instrument, parameters: Sequence[str], values: Values) -> bytes:
    """The content of the preset file ``path``, whose ending says the format; it is called as the file is.

    ``parameters`` are the instrument's names in its order, ``values`` positions 0-1 ``[all]``. Raises
    `ParameterError` for an ending that cannot be written, `PluginError` when a VST3 plugin does not save it.
    """
    name = check_preset_path(path, instrument)
    found = Preset(
        path.stem,
        name,
        instrument.name,
        str(path),
        positions=dict(zip(parameters, map(float, values), strict=True)),
    )
    if name == vstpreset.FORMAT:
        return _of_vst3(found, instrument, parameters, values)
    if name in (fxp.FORMAT, fxb.FORMAT):
        numbered = {str(index): float(value) for index, value in enumerate(values)}
        found = replace(found, settings=numbered, plugin_id=instrument.plugin_id)
    elif name == amsynth.FORMAT:
        found = replace(found, synth=amsynth.SYNTH, settings=_amsynth_settings(found.positions))
    elif name == h2p.FORMAT:
        found = replace(found, synth=diva.SYNTH, settings=_diva_settings(found.positions))
    else:
        found = replace(found, category=_CATEGORY, settings=_patch_settings(values))
    return format_module(name).encode([found])


def _of_vst3(preset: Preset, instrument: Instrument, parameters: Sequence[str], values: Values) -> bytes:
    assert instrument.path is not None
    rows = [PluginParameter(index, name, 0.0) for index, name in enumerate(parameters)]
    positions = dict(zip(ParameterTable(rows).labels, map(float, values), strict=True))
    (saved,) = vstpreset.decode(vst3_preset(instrument.path, positions), preset.source)
    return vstpreset.encode([replace(saved, name=preset.name)])


def _patch_settings(values: Values) -> dict[str, Setting]:
    return {row.name: _setting(row, float(value)) for row, value in zip(PARAMETERS, values, strict=True)}


def _setting(row: Parameter, position: float) -> Setting:
    value = row.to_unit(position)
    return row.choices[round(value)] if row.choices else min(max(value, row.minimum), row.maximum)


def _amsynth_settings(positions: Mapping[str, float]) -> dict[str, Setting]:
    """In all digits, of which amsynth itself writes six."""
    return {
        row.name: row.raw(positions[row.name])
        if row.steps
        else row.minimum + positions[row.name] * (row.maximum - row.minimum)
        for row in amsynth.RANGES
        if row.name in positions
    }


def _diva_settings(positions: Mapping[str, float]) -> dict[str, Setting]:
    return {
        key.parameter: key.at(positions[key.parameter]) if key.parameter in positions else key.default
        for key in diva.KEYS
    }


def sound_of_preset(content: bytes, path: Path, player: PatchPlayer) -> Sound:
    """What the preset file ``path`` of such a content tells the player's instrument to play."""
    presets = format_module(check_preset_path(path, player.instrument)).decode(content, str(path))
    return entries_of(presets, player.instrument, player.ready).rows[0].sound
