"""The raw ranges of amsynth's parameters, read from the plugin itself.

    python -m tsumami.plugins.presets.amsynth_ranges > plugins/presets/amsynth.csv

The plugin saves its state as the text of a preset, so that a parameter set to position 0 and to position 1
shows its range in raw units. A fresh instance shows the defaults; a parameter that takes few values at
many positions is discrete.
"""

import csv
import importlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

PLUGIN_PATH: Final = Path("/usr/lib/vst/amsynth_vst.so")
"""Where Debian's package has it."""

_MOST_STEPS: Final = 32
_STATE_OFFSET: Final = 160
"""The text follows the header of a VST2 bank."""


def saved_settings(plugin: Any) -> dict[str, float]:
    """Raw values by name, from the state that the plugin (of DawDreamer) saves."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "state")
        plugin.save_state(str(path))
        lines = path.read_bytes()[_STATE_OFFSET:].decode("utf-8").splitlines()
    words = (line.split() for line in lines if line.startswith("<parameter>"))
    return {name: float(value) for _, name, value in words}


def probe(plugin: Any) -> list[dict[str, float | str]]:
    """The rows of the table, in the order of the plugin's indices."""
    names = [row["name"] for row in plugin.get_parameters_description()]
    defaults = saved_settings(plugin)

    def settings_at(position: float) -> dict[str, float]:
        for index in range(len(names)):
            plugin.set_parameter(index, position)
        return saved_settings(plugin)

    lowest, highest = settings_at(0.0), settings_at(1.0)
    steps = _steps(settings_at, names)
    return [
        {
            "name": name,
            "minimum": lowest[name],
            "maximum": highest[name],
            "default": defaults[name],
            "steps": steps[name],
        }
        for name in names
    ]


def _steps(settings_at: Callable[[float], dict[str, float]], names: list[str]) -> dict[str, int]:
    """How many values each parameter takes; 0 for a continuous one."""
    swept = [settings_at(count / 200) for count in range(201)]
    found = {name: len({settings[name] for settings in swept}) for name in names}
    return {name: count if count <= _MOST_STEPS else 0 for name, count in found.items()}


def main() -> None:
    """Write the table to standard output."""
    dawdreamer: Any = importlib.import_module("dawdreamer")

    engine = dawdreamer.RenderEngine(44_100, 512)  # the plugin does not outlive it
    plugin = engine.make_plugin_processor("amsynth", str(PLUGIN_PATH))
    rows = probe(plugin)
    writer = csv.DictWriter(sys.stdout, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: f"{value:g}" if isinstance(value, float) else value for key, value in row.items()}
        for row in rows
    )


if __name__ == "__main__":
    main()
