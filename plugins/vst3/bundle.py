"""Where a VST3 bundle keeps its compiled module for which system.

Source: Steinberg's "Plug-in Format Structure", https://steinbergmedia.github.io/vst3_dev_portal/.
"""

import platform
import sys
from pathlib import Path

_MACHINES = {"AMD64": "x86_64", "ARM64": "arm64", "arm64": "aarch64"}
"""What Python calls a machine where a bundle's folder calls it otherwise."""


def module_file(path: Path) -> Path | None:
    """The compiled module for this system of a ``.vst3`` bundle, or the file itself; None without one."""
    if path.is_file():
        return path
    return next((file for file in module_files(path) if file.parent.name in _folders_here()), None)


def module_files(bundle: Path) -> list[Path]:
    """The modules of a bundle for all systems."""
    files = []
    for folder in sorted((bundle / "Contents").glob("*")):
        if folder.name == "MacOS" or folder.name.endswith(("-linux", "-win")):
            suffixes = {"linux": ".so", "win": ".vst3"}
            suffix = suffixes.get(folder.name.rpartition("-")[2], "")
            files += [file for file in sorted(folder.glob(f"*{suffix}")) if file.is_file()]
    return files


def _folders_here() -> tuple[str, ...]:
    machine = platform.machine()
    if sys.platform == "darwin":
        return ("MacOS",)
    if sys.platform == "win32":
        name = _MACHINES.get(machine, machine)
        return (f"{name}-win", "arm64x-win", "arm64ec-win") if name == "arm64" else (f"{name}-win",)
    return (f"{_MACHINES.get(machine, machine)}-linux",)
