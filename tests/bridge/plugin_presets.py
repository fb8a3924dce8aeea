"""Presets for the tests, as another host would save them."""

from pathlib import Path

from tsumami.plugins.vst3.plugin import Plugin


def save_preset(path: Path, plugin: Path, values: dict[str, float]) -> None:
    """A .vstpreset as another host would save it."""
    loaded = Plugin(plugin)
    for name, value in values.items():
        loaded.set_value(loaded.parameters.find(name), value)
    loaded.play([], 128, 48000, 128)
    path.write_bytes(loaded._plugin.preset_data)
