"""Instruments and their presets.

The names below are the package's front door; their modules are loaded when a name is first used, so that a
process which only looks at tables and patches compiles no kernel.
"""

from typing import TYPE_CHECKING

from tsumami.engine.lazy import lazy_exports

if TYPE_CHECKING:
    from tsumami.plugins.builtin.bank import load_bank
    from tsumami.plugins.builtin.parameters import CONTINUOUS, PARAMETERS, default_values
    from tsumami.plugins.builtin.patch import CATEGORIES, TAG_PAIRS, TAGS, Patch, positions_of
    from tsumami.plugins.builtin.random_patch import random_patch, vary_patch
    from tsumami.plugins.builtin.render import render_patch
    from tsumami.plugins.builtin.synth import BuiltinSynth
    from tsumami.plugins.external import ExternalSynth

_MODULES = {
    "builtin.bank": ("load_bank",),
    "builtin.parameters": ("CONTINUOUS", "PARAMETERS", "default_values"),
    "builtin.patch": ("CATEGORIES", "TAGS", "TAG_PAIRS", "Patch", "positions_of"),
    "builtin.random_patch": ("random_patch", "vary_patch"),
    "builtin.render": ("render_patch",),
    "builtin.synth": ("BuiltinSynth",),
    "external": ("ExternalSynth",),
}
__all__ = [
    "CATEGORIES",
    "CONTINUOUS",
    "PARAMETERS",
    "TAGS",
    "TAG_PAIRS",
    "BuiltinSynth",
    "ExternalSynth",
    "Patch",
    "default_values",
    "load_bank",
    "positions_of",
    "random_patch",
    "render_patch",
    "vary_patch",
]


__getattr__ = lazy_exports(__name__, _MODULES)
