"""Presets of Vital (``.vital``): one JSON document of description, settings and modulation."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from tsumami.engine.errors import ParameterError
from tsumami.plugins.presets.preset import Preset, Setting
from tsumami.plugins.presets.tags import tags_of

FORMAT: Final = "vital"
SYNTH: Final = "Vital"
SUFFIXES: Final = (".vital",)

_MACROS: Final = ("macro1", "macro2", "macro3", "macro4")
_UNDERSTOOD: Final = frozenset({"author", "comments", "preset_name", "preset_style", "settings", *_MACROS})
_TEXT: Final = "text"
"""The part that holds the file as it was read: wavetables, samples and modulation stay in it."""


def recognises(data: bytes) -> bool:
    """Whether ``data`` is the beginning of an object that has settings."""
    return data.lstrip().startswith(b"{") and b'"settings"' in data


def decode(data: bytes, source: str) -> tuple[Preset, ...]:
    """The one preset of a file; `ParameterError` when it is no JSON, is cut off or has no settings."""
    document = _load(data, source)
    settings = document.get("settings")
    if not isinstance(settings, dict):
        raise ParameterError(f"{source} must have settings, got {sorted(document)[:8]}")
    style = _text(document, "preset_style")
    numbers = {
        name: _number(value, f"{source}: {name}") for name, value in settings.items() if _is_number(value)
    }
    macros: dict[str, Setting] = {name: _text(document, name) for name in _MACROS if name in document}
    return (
        Preset(
            _text(document, "preset_name") or Path(source).stem,
            FORMAT,
            SYNTH,
            source,
            category=style,
            tags=tags_of(style),
            author=_text(document, "author"),
            comment=_text(document, "comments"),
            settings=macros | numbers,
            unknown={name: json.dumps(value) for name, value in document.items() if name not in _UNDERSTOOD},
            parts={_TEXT: data},
        ),
    )


def encode(presets: Sequence[Preset]) -> bytes:
    """The document of one preset; `ParameterError` for several, or for one that is not of Vital."""
    if len(presets) != 1 or presets[0].format != FORMAT:
        named = ", ".join(f"{preset.name!r} of {preset.synth}" for preset in presets[:3])
        raise ParameterError(f"{SUFFIXES[0]} file must hold one preset of {SYNTH}, got {named}")
    (preset,) = presets
    data = preset.parts.get(_TEXT, b'{"settings": {}}')
    (read,) = decode(data, preset.source)
    changed = _differences(read, preset)
    if not changed:
        return data
    return json.dumps(_load(data, preset.source) | changed, ensure_ascii=True).encode("ascii")


def _differences(read: Preset, preset: Preset) -> dict[str, Any]:
    """Top-level fields in which ``preset`` differs from the one that was ``read``."""
    said = {"preset_name": "name", "author": "author", "comments": "comment", "preset_style": "category"}
    changed: dict[str, Any] = {
        name: getattr(preset, field)
        for name, field in said.items()
        if getattr(preset, field) != getattr(read, field)
    }
    changed |= {
        name: json.loads(text) for name, text in preset.unknown.items() if read.unknown.get(name) != text
    }
    moved = {name: value for name, value in preset.settings.items() if read.settings.get(name) != value}
    changed |= {name: value for name, value in moved.items() if name in _MACROS}
    if moved.keys() - set(_MACROS):
        before = _load(read.parts[_TEXT], read.source)["settings"]
        changed["settings"] = before | {name: value for name, value in moved.items() if name not in _MACROS}
    return changed


def _load(data: bytes, source: str) -> dict[str, Any]:
    """The document, which must be an object of finite numbers."""
    try:
        document = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        reason = "tables nested too deep" if isinstance(error, RecursionError) else str(error)
        raise ParameterError(f"{source} must be a JSON document, got {reason}") from None
    if not isinstance(document, dict):
        raise ParameterError(f"{source} must be a JSON object, got a {type(document).__name__}")
    return document


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"the number {constant}")


def _text(document: dict[str, Any], name: str) -> str:
    """A field that should be text; half a surrogate pair, which no file can hold, becomes ``?``."""
    value = document.get(name, "")
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: float, what: str) -> float:
    """A finite float; `ParameterError` naming ``what`` for one that is too large."""
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ParameterError(f"{what} must be a finite number, got {str(value)[:40]}")
    return number
