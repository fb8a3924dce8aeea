"""Instruments and their presets."""

from tsumami.plugins.builtin.parameters import CONTINUOUS, PARAMETERS, default_values
from tsumami.plugins.builtin.random_patch import random_patch, vary_patch
from tsumami.plugins.builtin.render import render_patch
from tsumami.plugins.builtin.synth import BuiltinSynth

__all__ = [
    "CONTINUOUS",
    "PARAMETERS",
    "BuiltinSynth",
    "default_values",
    "random_patch",
    "render_patch",
    "vary_patch",
]
