"""VST2 banks (``.fxb``): programs with their values, or one chunk that only the plugin understands."""

from collections.abc import Sequence
from typing import Final

from tsumami.engine.errors import ParameterError
from tsumami.plugins.presets import vst2
from tsumami.plugins.presets.fxp import preset_of, program_of
from tsumami.plugins.presets.preset import Preset

FORMAT: Final = "fxb"
SUFFIXES: Final = (".fxb",)


def recognises(data: bytes) -> bool:
    """Whether ``data`` is a VST2 container of a bank."""
    return data.startswith(vst2.MAGIC) and vst2.is_bank(data)


def decode(data: bytes, source: str) -> tuple[Preset, ...]:
    """The programs of a bank; one preset where the whole bank is one chunk.

    Raises `ParameterError` when it is no bank or is cut off.
    """
    programs = vst2.unpack(data, source)
    if programs[0].chunk is not None:
        return (preset_of(programs[0], FORMAT, source),)
    return tuple(
        preset_of(program, FORMAT, f"{source}#{number}") for number, program in enumerate(programs, 1)
    )


def encode(presets: Sequence[Preset]) -> bytes:
    """The file of a bank; `ParameterError` where the plugins differ or a program's chunk is given."""
    programs = [program_of(preset) for preset in presets]
    plugins = {program.plugin_id for program in programs}
    if len(plugins) != 1:
        raise ParameterError(f"bank must hold presets of one plugin, got {', '.join(sorted(plugins))}")
    if any(preset.state is not None and (preset.format != FORMAT or len(presets) > 1) for preset in presets):
        raise ParameterError(f"bank must hold values or a bank's chunk, got the chunk of {presets[0].name!r}")
    return vst2.pack_bank(programs)
