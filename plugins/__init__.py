"""Instruments and their presets."""

from tsumami.plugins.builtin.parameters import CONTINUOUS, PARAMETERS, default_values

__all__ = ["CONTINUOUS", "PARAMETERS", "default_values"]
