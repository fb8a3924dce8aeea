"""The bank of patches that ships with the synthesizer, and any other bank in the same form.

A bank is a TOML file of ``[[patch]]`` tables::

    [[patch]]
    name = "Rubber Bass"
    category = "bass"
    tags = ["dark", "narrow"]
    parameters = { cutoff = 320, resonance = 0.4, osc1_wave = "pulse" }

``parameters`` holds what differs from the default patch, in the units of the parameter table.
"""

import tomllib
from pathlib import Path
from typing import Any, Final

from tsumami.engine.errors import ParameterError
from tsumami.plugins.builtin.patch import CATEGORIES, Patch, check_tags, positions_of

BANK_PATH: Final = Path(__file__).with_name("bank.toml")

_FIELDS: Final = {"name": str, "category": str, "tags": list, "parameters": dict}


def _parse_patch(table: dict[str, Any]) -> Patch:
    """One ``[[patch]]`` table."""
    for field, kind in _FIELDS.items():
        if not isinstance(table.get(field), kind):
            raise ParameterError(f"{field} must be a TOML {kind.__name__}, got {table.get(field)!r}")
    unknown = sorted(table.keys() - _FIELDS.keys())
    if unknown:
        raise ParameterError(f"field must be one of {', '.join(_FIELDS)}, got {unknown[0]!r}")
    if table["category"] not in CATEGORIES:
        raise ParameterError(f"category must be one of {', '.join(CATEGORIES)}, got {table['category']!r}")
    tags = frozenset(str(tag) for tag in table["tags"])
    check_tags(tags)
    values = positions_of(table["parameters"])
    values.flags.writeable = False
    return Patch(table["name"], table["category"], tags, values)


def load_bank(path: str | Path = BANK_PATH) -> tuple[Patch, ...]:
    """All patches of a bank file, in its order; the built-in bank when no path is given.

    Raises `ParameterError`, naming the file, the patch and the rule, for a file that is not a bank.
    """
    path = Path(path)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ParameterError(f"bank must be a readable TOML file, got {path}: {error}") from error
    return parse_bank(document, path)


def parse_bank(document: dict[str, Any], path: Path) -> tuple[Patch, ...]:
    """All patches of the document that stands in ``path``; the errors are those of `load_bank`."""
    tables = document.get("patch", [])
    if not isinstance(tables, list) or not tables:
        raise ParameterError(f"bank must hold [[patch]] tables, got none in {path}")
    patches: dict[str, Patch] = {}
    for number, table in enumerate(tables, 1):
        if not isinstance(table, dict):
            raise ParameterError(f"{path.name}, patch {number} must be a table, got {table!r}")
        try:
            patch = _parse_patch(table)
        except ParameterError as error:
            name = table.get("name", "without a name")
            raise ParameterError(f"{path.name}, patch {number} ({name}): {error}") from error
        if patch.name in patches:
            raise ParameterError(f"{path.name}: patch names must differ, got {patch.name!r} twice")
        patches[patch.name] = patch
    return tuple(patches.values())
