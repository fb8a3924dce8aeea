"""Instruments and their presets."""

from tsumami.plugins.builtin.bank import load_bank
from tsumami.plugins.builtin.parameters import CONTINUOUS, PARAMETERS, default_values
from tsumami.plugins.builtin.patch import CATEGORIES, TAG_PAIRS, TAGS, Patch, positions_of
from tsumami.plugins.builtin.random_patch import random_patch, vary_patch
from tsumami.plugins.builtin.render import render_patch
from tsumami.plugins.builtin.synth import BuiltinSynth

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
