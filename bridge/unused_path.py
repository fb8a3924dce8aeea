"""File names for takes: what is there already is never written over."""

import itertools
from pathlib import Path


def unused_path(wanted: Path) -> Path:
    """``wanted`` if nothing has that name, else the first unused of take-2.wav, take-3.wav, …."""
    if not wanted.exists():
        return wanted
    numbered = (wanted.with_stem(f"{wanted.stem}-{number}") for number in itertools.count(2))
    return next(path for path in numbered if not path.exists())
