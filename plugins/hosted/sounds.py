"""Preset files as what a hosted plugin can be told to load."""

from pathlib import Path

from tsumami.engine.errors import ParameterError
from tsumami.plugins.hosted.messages import LoadPositions, LoadPreset, Sound
from tsumami.plugins.presets import Preset, read_presets


def sound_of_file(path: Path) -> Sound:
    """The sound of a file with one preset; `ParameterError` when it has none that VST3 plugins take."""
    return sound_of_preset(read_presets(path)[0])


def sound_of_preset(preset: Preset) -> Sound:
    """What a plugin loads for a preset: the file itself where VST3 defines it, else its positions."""
    if preset.format == "vstpreset":
        return LoadPreset(preset.source)
    if preset.positions:
        return LoadPositions(preset.name, preset.positions)
    raise ParameterError(
        f"preset must be a .vstpreset or one whose parameters are known, got {preset.source} "
        f"({preset.format}); save it from the plugin as .vstpreset"
    )
