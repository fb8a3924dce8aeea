"""Sound files of a folder, for benchmarks."""

from pathlib import Path

import soundfile


def sounds_in(folder: Path) -> list[Path]:
    """Those at or under ``folder``, by name."""
    formats = soundfile.available_formats()
    return sorted(path for path in folder.rglob("*") if path.suffix.lstrip(".").upper() in formats)
