"""A ``.vstpreset`` of a VST3 plugin at given positions, made by the plugin in a process of its own.

Started as ``python -m tsumami.plugins.match.vst3_preset PLUGIN FILE``: positions by label as JSON on standard
input, the preset into the file.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tsumami.engine.errors import PluginError, TsumamiError

_LIMIT_SECONDS: Final = 60.0
_SAMPLE_RATE, _BLOCK_SIZE, _BLOCKS = 44_100, 512, 8


def vst3_preset(path: Path, positions: Mapping[str, float]) -> bytes:
    """The content of a preset file with parameters at ``positions`` 0-1, by their labels.

    Raises `PluginError` for a plugin that dies of it or takes longer than a minute.
    """
    with tempfile.TemporaryDirectory(prefix="tsumami-match-") as folder:
        file = Path(folder, "preset.vstpreset")
        command = [sys.executable, "-m", __spec__.name, str(path), str(file)]
        try:
            done = subprocess.run(
                command,
                input=json.dumps(dict(positions)).encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
                timeout=_LIMIT_SECONDS,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            raise PluginError(f"plugin must save a preset within {_LIMIT_SECONDS:g} s, got {path}") from None
        if not file.exists():
            raise PluginError(f"plugin must save a preset, got {path} (exit status {done.returncode})")
        return file.read_bytes()


def main(path: Path, file: Path) -> None:
    """Set the plugin, let it play until it has taken the positions, and keep what it saves."""
    from tsumami.plugins.vst3.plugin import Plugin

    positions = json.loads(sys.stdin.buffer.read())
    plugin = Plugin(path)
    for row, label in enumerate(plugin.parameters.labels):
        if label in positions:
            plugin.set_value(row, positions[label])
    for _ in range(_BLOCKS):
        plugin.play([], _BLOCK_SIZE, _SAMPLE_RATE, _BLOCK_SIZE)
    beside = file.with_suffix(".part")
    beside.write_bytes(plugin.preset)
    beside.replace(file)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except TsumamiError:
        os._exit(2)
    os._exit(0)  # plugins are not made to be unloaded in whatever order an interpreter ends
