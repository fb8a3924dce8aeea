"""Presets from one kind of file to another: banks taken apart or put together, anything to JSON."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tsumami.engine.errors import ParameterError
from tsumami.plugins.presets import h2p
from tsumami.plugins.presets.document import encode_document
from tsumami.plugins.presets.formats import check_unused, encode_presets, format_module, is_folder, write_file
from tsumami.plugins.presets.preset import Preset

_JSON: Final = ".json"
_LONGEST_NAME: Final = 60


def convert_presets(
    presets: Sequence[Preset], destination: Path, *, suffix: str | None = None, overwrite: bool = False
) -> list[Path]:
    """Write ``presets`` to one file, or each to its own in a folder, and return the files.

    ``destination`` is a file when it has a suffix, which says the format (``.json`` for any preset), and a
    folder when it has none or is one; its files end with ``suffix``, by default that of each preset's format.
    Presets of u-he are written with every key. Nothing is written unless all can be: raises `ParameterError`
    when a format cannot hold a preset, or a file is there already and ``overwrite`` is false.
    """
    presets = [h2p.normalised(preset) if preset.format == h2p.FORMAT else preset for preset in presets]
    if destination.suffix and not is_folder(destination):
        planned = {destination: _encode(destination, presets)}
    else:
        paths = _paths(presets, destination, suffix)
        planned = {path: _encode(path, [preset]) for path, preset in zip(paths, presets, strict=True)}
    for path in planned:
        check_unused(path, overwrite=overwrite)
    if destination not in planned:
        _make_folder(destination)
    for path, data in planned.items():
        write_file(path, data, overwrite=overwrite)
    return list(planned)


def _encode(path: Path, presets: Sequence[Preset]) -> bytes:
    return encode_document(presets) if path.suffix.lower() == _JSON else encode_presets(path, presets)


def _paths(presets: Sequence[Preset], folder: Path, suffix: str | None) -> list[Path]:
    """A file for each preset, called as it is; a second one of that name gets a number."""
    taken: set[str] = set()
    paths: list[Path] = []
    for preset in presets:
        ending = suffix or format_module(preset.format).SUFFIXES[0]
        stem = _file_name(preset.name)
        numbered = (f"{stem}-{number}" for number in itertools.count(2))
        candidates = itertools.chain([stem], numbered)
        name = next(name for name in candidates if name.casefold() not in taken)
        taken.add(name.casefold())
        paths.append(folder / f"{name}{ending if ending.startswith('.') else f'.{ending}'}")
    return paths


def _file_name(name: str) -> str:
    """``name`` without what file systems do not bear."""
    kept = "".join(letter if letter.isalnum() or letter in " ._-+()&'" else "_" for letter in name)
    return kept[:_LONGEST_NAME].strip(" .") or "preset"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(
            f"output must be a folder to write in, got {folder}: {error.strerror}"
        ) from error
