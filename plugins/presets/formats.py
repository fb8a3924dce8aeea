"""Reading and writing presets of any format: which one a file is, its content says, and its suffix hints."""

import contextlib
import importlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol, cast

from tsumami.engine.errors import ParameterError
from tsumami.plugins.presets.preset import Preset

FORMATS: Final = ("amsynth", "h2p", "vstpreset", "surge", "fxp", "fxb", "vital", "patch")
"""Modules of this package, the more particular before the more general."""

_SHARED_SUFFIXES: Final = (".toml",)
_LARGEST_BYTES: Final = 64 * 1024 * 1024


class Format(Protocol):
    """What the module of each format has."""

    @property
    def FORMAT(self) -> str:  # noqa: N802
        """Its name, which is the module's."""
        ...

    @property
    def SUFFIXES(self) -> tuple[str, ...]:  # noqa: N802
        """In lower case, the usual one first."""
        ...

    def recognises(self, data: bytes) -> bool:
        """Whether the content is of this format, as far as its beginning shows."""
        ...

    def decode(self, data: bytes, source: str) -> tuple[Preset, ...]:
        """All presets of a file named ``source``; `ParameterError` when it breaks the format."""
        ...

    def encode(self, presets: Sequence[Preset]) -> bytes:
        """A file that holds ``presets``; `ParameterError` when the format cannot."""
        ...


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
    if not is_folder(path):
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
    """Files in and below ``folder`` whose suffix is that of a preset, in natural order.

    TOML files are many things; only those count that hold patches.
    """
    for path in sorted(folder.rglob("*"), key=lambda path: natural_key(str(path.relative_to(folder)))):
        if _is_preset_file(path):
            yield path


def _is_preset_file(path: Path) -> bool:
    """Hidden files are none: macOS leaves ``._Name.h2p`` beside the real one."""
    suffix = path.suffix.lower()
    if suffix not in _suffixes() or path.name.startswith(".") or is_folder(path):
        return False
    try:
        return suffix not in _SHARED_SUFFIXES or bool(_recognised(_read_bytes(path)))
    except ParameterError:  # one that cannot be read says nothing of patches
        return False


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
    write_file(path, encode_presets(path, presets), overwrite=overwrite)


def encode_presets(path: Path, presets: Sequence[Preset]) -> bytes:
    """What `write_preset` writes to ``path``."""
    if not presets:
        raise ParameterError(f"{path.name} must hold at least one preset, got none")
    return _format_for(path, presets[0]).encode(presets)


def write_file(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write beside and rename; never over what is there unless ``overwrite``."""
    check_unused(path, overwrite=overwrite)
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        raise ParameterError(f"output must be a writable file, got {path}: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def check_unused(path: Path, *, overwrite: bool) -> None:
    """Raise `ParameterError` when there is something at ``path`` that may not be written over."""
    if not overwrite and is_there(path):
        raise ParameterError(f"output must be a new file, got {path}; give --force to write over it")


def is_there(path: Path) -> bool:
    """Whether something is at ``path``; not where the system does not say, as for a name that is too long."""
    try:
        return path.exists()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether ``path`` is a folder; not where the system does not say."""
    return is_there(path) and path.is_dir()


def _suffixes() -> tuple[str, ...]:
    modules = map(format_module, FORMATS)
    return tuple(dict.fromkeys(suffix for module in modules for suffix in module.SUFFIXES))


def _read_file(path: Path) -> tuple[Preset, ...]:
    data = _read_bytes(path)
    fitting = _recognised(data) or _of_suffix(path)[-1:]
    if not fitting:
        raise ParameterError(f"preset must be a file of {', '.join(FORMATS)}, got {path}")
    # A name that is no UTF-8 could neither be printed nor stored.
    return fitting[0].decode(data, os.fsencode(path).decode("utf-8", "replace"))


def _recognised(data: bytes) -> list[Format]:
    return [module for module in map(format_module, FORMATS) if module.recognises(data)]


def _of_suffix(path: Path) -> list[Format]:
    return [module for module in map(format_module, FORMATS) if path.suffix.lower() in module.SUFFIXES]


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
    fitting = _of_suffix(path)
    if not fitting:
        raise ParameterError(f"output must end with one of {' '.join(_suffixes())}, got {path.name}")
    return next((module for module in fitting if preset.format == module.FORMAT), fitting[-1])
