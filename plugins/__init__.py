"""Instruments and their presets.

The names below are the package's front door; their modules are loaded when a name is first used, so that a
process which only looks at tables and patches compiles no kernel.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tsumami.plugins.builtin.bank import load_bank
    from tsumami.plugins.builtin.parameters import CONTINUOUS, PARAMETERS, default_values
    from tsumami.plugins.builtin.patch import CATEGORIES, TAG_PAIRS, TAGS, Patch, positions_of
    from tsumami.plugins.builtin.random_patch import random_patch, vary_patch
    from tsumami.plugins.builtin.render import render_patch
    from tsumami.plugins.builtin.synth import BuiltinSynth

_MODULES = {
    "bank": ("load_bank",),
    "parameters": ("CONTINUOUS", "PARAMETERS", "default_values"),
    "patch": ("CATEGORIES", "TAGS", "TAG_PAIRS", "Patch", "positions_of"),
    "random_patch": ("random_patch", "vary_patch"),
    "render": ("render_patch",),
    "synth": ("BuiltinSynth",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "CATEGORIES",
    "CONTINUOUS",
    "PARAMETERS",
    "TAGS",
    "TAG_PAIRS",
    "BuiltinSynth",
    "Patch",
    "default_values",
    "load_bank",
    "positions_of",
    "random_patch",
    "render_patch",
    "vary_patch",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.builtin.{_HOMES[name]}"), name)
