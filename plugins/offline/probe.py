"""What a plugin file is, found out in a process that may die of it.

That is ``python -m tsumami.plugins.offline.probe PATH``.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tsumami.engine.errors import PluginError, TsumamiError
from tsumami.plugins.offline.binary import built_for, this_system
from tsumami.plugins.vst3.bundle import module_file, module_files

_LIMIT_SECONDS: Final = 60.0
_REFUSED: Final = 2
_VST3: Final = ".vst3"


@dataclass(frozen=True, slots=True)
class PluginFacts:
    """``plugin_id`` is four characters of a VST2 plugin, the class id in 32 hex digits of a VST3."""

    name: str
    vendor: str
    version: str
    plugin_id: str
    is_instrument: bool


def probe_plugin(path: Path) -> PluginFacts:
    """Load a plugin in a process of its own and ask what it is.

    Raises `PluginError` for what is no plugin of this system, crashes or hangs.
    """
    check_file(path)
    command = [sys.executable, "-m", "tsumami.plugins.offline.probe", str(path)]
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=_LIMIT_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise PluginError(f"plugin must load within {_LIMIT_SECONDS:g} s, got {path}, which hangs") from None
    last = done.stdout.decode("utf-8", "replace").splitlines()[-1:]
    if done.returncode == _REFUSED and last:
        raise PluginError(last[0])
    if done.returncode or not last:
        raise PluginError(f"plugin must load without a crash, got {path}, which ends its process")
    return PluginFacts(**json.loads(last[0]))


def check_file(path: Path) -> None:
    """Raise `PluginError` unless ``path`` is there and compiled for this system."""
    if not path.exists():
        raise PluginError(f"plugin must be a file that is there, got {path}")
    files = module_files(path) if path.is_dir() else [path]
    try:
        systems = {system for file in files for system in built_for(file)}
    except OSError as error:
        raise PluginError(f"plugin must be readable, got {path} ({error.strerror})") from error
    if not systems:
        raise PluginError(f"plugin must be a VST2 or VST3 plugin, got {path}, which holds no program")
    if this_system() not in systems:
        found = " and ".join(sorted(f"{system} on {machine}" for system, machine in systems))
        system, machine = this_system()
        raise PluginError(f"plugin must be built for {system} on {machine}, got {path}, built for {found}")


def _read(path: Path) -> PluginFacts:
    if path.suffix.lower() == _VST3:
        from tsumami.plugins.vst3.module import Vst3Module

        classes = Vst3Module(path).classes
        if not classes:
            raise PluginError(f"plugin must be a VST3 plugin, got {path}, which holds none")
        first = classes[0]
        is_instrument = "Instrument" in first.sub_categories.split("|")
        return PluginFacts(
            first.name, first.vendor, first.version, first.class_id.hex().upper(), is_instrument
        )
    from tsumami.plugins.offline.vst2_module import read_vst2

    module = read_vst2(module_file(path) or path)
    return PluginFacts(module.name, module.vendor, module.version, module.plugin_id, module.is_instrument)


def main() -> int:
    """Print the facts as JSON, or why there are none; the last line counts, as plugins print too."""
    try:
        print(json.dumps(asdict(_read(Path(sys.argv[1])))), flush=True)
    except TsumamiError as error:
        print(error, flush=True)
        return _REFUSED
    return 0


if __name__ == "__main__":
    import os

    os._exit(main())  # without the plugin's own last words, which may be a crash
