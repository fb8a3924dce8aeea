"""Preset files as what a hosted plugin can be told to load."""

from tsumami.engine.errors import ParameterError
from tsumami.plugins.hosted.messages import LoadPositions, LoadPreset, Sound
from tsumami.plugins.presets import Preset, read_preset


def sound_of_file(place: str) -> Sound:
    """The sound of a preset file, or of ``FILE#n`` in a bank; `ParameterError` when no plugin takes it."""
    return sound_of_preset(read_preset(place))


def sound_of_preset(preset: Preset) -> Sound:
    """What a plugin loads for a preset: the file itself where VST3 defines it, else its positions."""
    if preset.format == "vstpreset":
        return LoadPreset(preset.source)
    if preset.positions:
        return LoadPositions(preset)
    raise ParameterError(
        f"preset must be a .vstpreset or one whose parameters are known, got {preset.source} "
        f"({preset.format}); save it from the plugin as .vstpreset"
    )
