"""Versions of Tsumami and of what it stands on."""

import importlib.metadata
import os
import platform
from collections.abc import Iterator

from tsumami.bridge.doctor.finding import Finding

_LIBRARIES = (
    "numpy",
    "numba",
    "onnxruntime",
    "onnxruntime-gpu",
    "sounddevice",
    "python-rtmidi",
    "pedalboard",
    "dawdreamer",
    "torch",
)


def examine_software() -> Iterator[Finding]:
    """What is installed, in one line."""
    versions = {name: version for name in _LIBRARIES if (version := _version(name)) is not None}
    tsumami, python = _version("tsumami"), platform.python_version()
    system = f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} cores"
    libraries = ", ".join(f"{name} {version}" for name, version in versions.items())
    yield Finding(
        "software",
        "ok",
        f"tsumami {tsumami}, Python {python}, {libraries}, on {system}",
        details={"tsumami": tsumami, "python": python, "system": system, "libraries": versions},
    )


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
