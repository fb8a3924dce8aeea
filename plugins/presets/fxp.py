"""VST2 programs (``.fxp``): parameter values by their index, or a chunk that only the plugin understands.

The container names neither synthesizer nor parameters, only the plugin's id. Of plugins whose id is known
here, the values have the names of the plugin's parameters; of others, their index.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tsumami.engine.errors import ParameterError
from tsumami.plugins.presets import amsynth, vst2
from tsumami.plugins.presets.preset import Preset

FORMAT: Final = "fxp"
SUFFIXES: Final = (".fxp",)

KNOWN_PLUGINS: Final = {"amsy": (amsynth.SYNTH, amsynth.PARAMETERS)}
"""Synthesizer and parameter names by VST2 plugin id."""

_PLUGIN_IDS: Final = {synth: plugin_id for plugin_id, (synth, _) in KNOWN_PLUGINS.items()}

_VERSION: Final = "version"
_NO_VERSION: Final = b"\0\0\0\1"


def recognises(data: bytes) -> bool:
    """Whether ``data`` is a VST2 container of a program."""
    return data.startswith(vst2.MAGIC) and not vst2.is_bank(data)


def decode(data: bytes, source: str) -> tuple[Preset, ...]:
    """The program of a file; `ParameterError` when it is none or is cut off."""
    return tuple(preset_of(program, FORMAT, source) for program in vst2.unpack(data, source))


def encode(presets: Sequence[Preset]) -> bytes:
    """The file of one program; `ParameterError` for several, or one without values and chunk."""
    if len(presets) != 1:
        raise ParameterError(
            f"{SUFFIXES[0]} file must hold one preset, got {len(presets)}; name a folder instead"
        )
    (preset,) = presets
    if preset.format == "fxb" and preset.state is not None:
        raise ParameterError(f"chunk must be one program's, got that of the whole bank {preset.source}")
    return vst2.pack_program(program_of(preset))


def preset_of(program: vst2.Program, format_name: str, source: str) -> Preset:
    """The preset that a program is."""
    if program.plugin_id in KNOWN_PLUGINS and program.chunk and amsynth.recognises(program.chunk):
        return _preset_of_amsynth(program, program.chunk, format_name, source)
    synth, names = KNOWN_PLUGINS.get(program.plugin_id, ("", ()))
    is_named = len(names) == len(program.values)
    labels = names if is_named else tuple(map(str, range(len(program.values))))
    return Preset(
        program.name or Path(source).stem,
        format_name,
        synth,
        source,
        settings=dict(zip(labels, program.values, strict=True)),
        positions={
            name: min(max(value, 0.0), 1.0)
            for name, value in zip(labels, program.values, strict=True)
            if is_named
        },
        state=program.chunk,
        plugin_id=program.plugin_id,
        parts={_VERSION: program.version},
    )


def _preset_of_amsynth(program: vst2.Program, chunk: bytes, format_name: str, source: str) -> Preset:
    """The preset of amsynth's plugin, whose chunk is the text of a preset file."""
    return dataclasses.replace(
        amsynth.decode(chunk, source)[0],
        format=format_name,
        source=source,
        state=chunk,
        plugin_id=program.plugin_id,
        parts={_VERSION: program.version},
    )


def program_of(preset: Preset) -> vst2.Program:
    """The program that a preset is: its chunk, the values it came with, or its positions of a known plugin.

    Raises `ParameterError` when it has none of these.
    """
    if preset.synth in _PLUGIN_IDS and not preset.plugin_id:
        values = tuple(preset.positions[name] for name in KNOWN_PLUGINS[_PLUGIN_IDS[preset.synth]][1])
        return vst2.Program(preset.name, _PLUGIN_IDS[preset.synth], _NO_VERSION, values)
    if len(preset.plugin_id.encode("latin-1", "replace")) != 4:
        raise ParameterError(
            f"preset must be one of a VST2 plugin, got {preset.name!r}, a {preset.format} of {preset.source}"
        )
    version = preset.parts.get(_VERSION, _NO_VERSION)
    values = tuple(float(value) for value in preset.settings.values()) if preset.state is None else ()
    return vst2.Program(preset.name, preset.plugin_id, version, values, preset.state)
