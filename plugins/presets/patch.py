"""Patches of the built-in synthesizer: the TOML banks of `tsumami.plugins.builtin.bank`, read and written."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tsumami.engine.errors import ParameterError
from tsumami.plugins.builtin.bank import parse_bank
from tsumami.plugins.builtin.parameters import PARAMETERS
from tsumami.plugins.builtin.patch import Patch
from tsumami.plugins.presets.preset import Preset, Setting
from tsumami.plugins.presets.text import number_text

FORMAT: Final = "patch"
SYNTH: Final = "Tsumami"
SUFFIXES: Final = (".toml",)

_TABLE: Final = re.compile(rb"^[ \t]*\[\[[ \t]*patch[ \t]*\]\]", re.MULTILINE)


def recognises(data: bytes) -> bool:
    """Whether ``data`` has a ``[[patch]]`` table."""
    return _TABLE.search(data) is not None


def decode(data: bytes, source: str) -> tuple[Preset, ...]:
    """All patches of a bank; `ParameterError` naming the patch and the rule that it breaks."""
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except RecursionError:
        raise ParameterError(f"{source} must be a TOML bank, got tables nested too deep") from None
    except ValueError as error:
        raise ParameterError(f"{source} must be a TOML bank, got {error}") from None
    patches = parse_bank(document, Path(source))
    return tuple(
        _preset(patch, table["parameters"], f"{source}#{number}")
        for number, (patch, table) in enumerate(zip(patches, document["patch"], strict=True), 1)
    )


def encode(presets: Sequence[Preset]) -> bytes:
    """The text of a bank; `ParameterError` when a preset is not of the built-in synthesizer."""
    for preset in presets:
        if preset.synth != SYNTH:
            raise ParameterError(
                f"preset must be one of {SYNTH}, got {preset.name!r} of {preset.synth or 'an unknown synth'}"
            )
    text = "\n".join(map(_table, presets))
    parse_bank(tomllib.loads(text), Path(f"bank{SUFFIXES[0]}"))
    return text.encode("utf-8")


def _preset(patch: Patch, given: Mapping[str, Any], source: str) -> Preset:
    settings: dict[str, Setting] = {
        parameter.name: given.get(parameter.name, _default(parameter.choices, parameter.default))
        for parameter in PARAMETERS
    }
    return Preset(
        patch.name,
        FORMAT,
        SYNTH,
        source,
        category=patch.category,
        tags=tuple(sorted(patch.tags)),
        settings={
            name: value if isinstance(value, str) else float(value) for name, value in settings.items()
        },
        positions={
            parameter.name: float(value) for parameter, value in zip(PARAMETERS, patch.values, strict=True)
        },
        filled=tuple(parameter.name for parameter in PARAMETERS if parameter.name not in given),
    )


def _default(choices: Sequence[str], default: float) -> Setting:
    return choices[int(default)] if choices else default


def _table(preset: Preset) -> str:
    filled = frozenset(preset.filled)
    parameters = ", ".join(
        f"{name} = {_quoted(value) if isinstance(value, str) else number_text(value)}"
        for name, value in preset.settings.items()
        if name not in filled
    )
    return (
        "[[patch]]\n"
        f"name = {_quoted(preset.name)}\n"
        f"category = {_quoted(preset.category)}\n"
        f"tags = [{', '.join(map(_quoted, preset.tags))}]\n"
        f"parameters = {{ {parameters} }}\n"
    )


def _quoted(text: str) -> str:
    """A basic string of TOML, whose escapes are those of JSON but for one more control character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
