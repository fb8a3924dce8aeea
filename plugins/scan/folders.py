"""Where plugins are kept, and which files there are plugins."""

import mmap
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tsumami.engine.errors import PluginError
from tsumami.plugins.scan.report import Format

_STANDARD_FOLDERS: dict[str, dict[Format, tuple[str, ...]]] = {
    "linux": {
        "VST3": ("~/.vst3", "/usr/lib/vst3", "/usr/local/lib/vst3", "/usr/lib64/vst3"),
        "VST2": (
            "~/.vst",
            "~/.lxvst",
            "/usr/lib/vst",
            "/usr/lib/lxvst",
            "/usr/local/lib/vst",
            "/usr/local/lib/lxvst",
            "/usr/lib64/vst",
        ),
    },
    "darwin": {
        "VST3": ("~/Library/Audio/Plug-Ins/VST3", "/Library/Audio/Plug-Ins/VST3"),
        "VST2": ("~/Library/Audio/Plug-Ins/VST", "/Library/Audio/Plug-Ins/VST"),
    },
    "win32": {
        "VST3": ("%LOCALAPPDATA%/Programs/Common/VST3", "%COMMONPROGRAMFILES%/VST3"),
        "VST2": (
            "%PROGRAMFILES%/VSTPlugins",
            "%PROGRAMFILES%/Steinberg/VSTPlugins",
            "%COMMONPROGRAMFILES%/VST2",
        ),
    },
}
"""By `sys.platform` and format; the user's own come first."""

_PATH_VARIABLES: dict[Format, str] = {"VST3": "VST3_PATH", "VST2": "VST_PATH"}
"""Environment variables whose folders are looked through before the standard ones."""

_VST2_SUFFIXES = {"linux": ".so", "darwin": ".vst", "win32": ".dll"}
_VST2_ENTRY = b"VSTPluginMain"
"""Name of the function by which a VST2 plugin is told from another library. Very old ones lack it."""


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A file or bundle that looks like a plugin."""

    path: Path
    format: Format


def standard_folders(plugin_format: Format) -> list[Path]:
    """Folders of this platform in which plugins of a format are installed, whether they are there or not."""
    listed = os.environ.get(_PATH_VARIABLES[plugin_format], "").split(os.pathsep)
    standard = _STANDARD_FOLDERS.get(sys.platform, _STANDARD_FOLDERS["linux"])[plugin_format]
    return [Path(os.path.expandvars(folder)).expanduser() for folder in (*listed, *standard) if folder]


def find_plugins(places: Sequence[Path] = ()) -> list[Candidate]:
    """Plugins in ``places``, which are folders or plugins, or in the platform's standard folders.

    Raises `PluginError` for a place that is not there.
    """
    found: set[Candidate] = set()
    for place in places:
        if not place.exists():
            raise PluginError(f"folder must be one that is there, got {place}")
        own = plugin_format(place)
        found |= {Candidate(place, own)} if own else set(_walk(place))
    if not places:
        for wanted in _PATH_VARIABLES:
            for folder in standard_folders(wanted):
                found |= {candidate for candidate in _walk(folder) if candidate.format == wanted}
    return sorted(found)


def plugin_format(path: Path) -> Format | None:
    """Which format a file or bundle seems to be, by its name; None for neither."""
    suffix = path.suffix.lower()
    if suffix == ".vst3":
        return "VST3"
    return "VST2" if suffix in _VST2_SUFFIXES.values() and (path.is_file() or suffix == ".vst") else None


def _walk(folder: Path) -> Iterator[Candidate]:
    """Plugins in a folder and all folders in it, links followed; what stands in a bundle is its own."""
    seen: set[str] = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        bundles = [name for name in folders if plugin_format(Path(parent, name))]
        folders[:] = sorted(set(folders) - set(bundles))
        for name in (*bundles, *files):
            path = Path(parent, name)
            found = plugin_format(path)
            if found == "VST3" or (found == "VST2" and _is_vst2(path)):
                yield Candidate(path, found)


def _is_vst2(path: Path) -> bool:
    """Whether a library of this platform is a plugin, and not one of the many that are none."""
    if path.suffix.lower() != _VST2_SUFFIXES.get(sys.platform, ".so"):
        return False
    if path.is_dir():
        return True
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(_VST2_ENTRY) >= 0
    except (OSError, ValueError):  # unreadable, or empty
        return False
