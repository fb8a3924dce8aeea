"""Reading and writing presets of any format: which one a file is, its content says, and its suffix hints."""

import importlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol, cast

from tsumami.engine.errors import ParameterError
from tsumami.plugins.presets.preset import Preset

FORMATS: Final = ("amsynth",)
"""Modules of this package, the more particular before the more general."""

_LARGEST_BYTES: Final = 64 * 1024 * 1024


class Format(Protocol):
    """What the module of each format has."""

    FORMAT: str
    SUFFIXES: tuple[str, ...]
    """In lower case, the usual one first."""

    def recognises(self, data: bytes) -> bool:
        """Whether the content is of this format, as far as its beginning shows."""

    def decode(self, data: bytes, source: str) -> tuple[Preset, ...]:
        """All presets of a file named ``source``; `ParameterError` when it breaks the format."""

    def encode(self, presets: Sequence[Preset]) -> bytes:
        """A file that holds ``presets``; `ParameterError` when the format cannot."""


def format_module(name: str) -> Format:
    """The module of the format called ``name``."""
    if name not in FORMATS:
        raise ParameterError(f"format must be one of {', '.join(FORMATS)}, got {name!r}")
    return cast(Format, importlib.import_module(f"tsumami.plugins.presets.{name}"))


def read_presets(
    path: str | Path, on_broken: Callable[[ParameterError], None] | None = None
) -> tuple[Preset, ...]:
    """All presets of a file, or of all preset files in and below a folder, in natural order.

    Raises `ParameterError` for a file that is none or that breaks its format; in a folder such a file is
    given to ``on_broken``, when there is one, and the others are read.
    """
    path = Path(path)
    if not path.is_dir():
        return _read_file(path)
    files = list(preset_files(path))
    if not files:
        raise ParameterError(f"folder must hold preset files ({' '.join(_suffixes())}), got none in {path}")
    presets: list[Preset] = []
    for file in files:
        try:
            presets += _read_file(file)
        except ParameterError as error:
            if on_broken is None:
                raise
            on_broken(error)
    return tuple(presets)


def preset_files(folder: Path) -> Iterator[Path]:
    """Files in and below ``folder`` whose suffix is that of a preset, in natural order."""
    suffixes = _suffixes()
    for path in sorted(folder.rglob("*"), key=lambda path: natural_key(str(path.relative_to(folder)))):
        if path.suffix.lower() in suffixes and path.is_file():
            yield path


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sorts ``Bank 2`` before ``Bank 10``."""
    words = re.split(r"([0-9]+)", text.casefold())
    return [(1, int(word), "") if word.isascii() and word.isdigit() else (0, 0, word) for word in words]


def write_preset(path: str | Path, *presets: Preset, overwrite: bool = False) -> None:
    """Write ``presets`` to one file, whose suffix says the format.

    The file appears whole or not at all. Raises `ParameterError` when the format cannot hold them, when the
    file is there already and ``overwrite`` is false, or when it cannot be written.
    """
    path = Path(path)
    if not presets:
        raise ParameterError(f"{path.name} must hold at least one preset, got none")
    write_file(path, _format_for(path, presets[0]).encode(presets), overwrite=overwrite)


def write_file(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write beside and rename; never over what is there unless ``overwrite``."""
    if path.exists() and not overwrite:
        raise ParameterError(f"output must be a new file, got {path}; give --force to write over it")
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            beside = Path(file.name)
            try:
                file.write(data)
                file.close()
                beside.chmod(0o666 & ~_umask())
                beside.replace(path)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ParameterError(f"output must be a writable file, got {path}: {error.strerror}") from error


def _umask() -> int:
    """The process's mask, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _suffixes() -> tuple[str, ...]:
    return tuple(dict.fromkeys(suffix for name in FORMATS for suffix in format_module(name).SUFFIXES))


def _read_file(path: Path) -> tuple[Preset, ...]:
    data = _read_bytes(path)
    modules = [format_module(name) for name in FORMATS]
    fitting = [module for module in modules if module.recognises(data)]
    fitting += [module for module in modules if path.suffix.lower() in module.SUFFIXES]
    if not fitting:
        raise ParameterError(f"preset must be a file of {', '.join(FORMATS)}, got {path}")
    try:
        return fitting[0].decode(data, str(path))
    except RecursionError:
        raise ParameterError(f"{path} must be a preset, got tables nested too deep") from None


def _read_bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > _LARGEST_BYTES:
            raise ParameterError(
                f"preset must be at most {_LARGEST_BYTES >> 20} MB, got {path}: {size >> 20} MB"
            )
        return path.read_bytes()
    except OSError as error:
        raise ParameterError(f"preset must be a readable file, got {path}: {error.strerror}") from error


def _format_for(path: Path, preset: Preset) -> Format:
    """The format of the suffix; of several that share it, the one the preset came in."""
    fitting = [name for name in FORMATS if path.suffix.lower() in format_module(name).SUFFIXES]
    if not fitting:
        raise ParameterError(f"output must end with one of {' '.join(_suffixes())}, got {path.name}")
    return format_module(preset.format if preset.format in fitting else fitting[0])
