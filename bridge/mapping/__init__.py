"""Knobs and what they move: sources, targets, response curves and how a knob takes a target over."""

from tsumami.bridge.mapping.knob import Knob
from tsumami.bridge.mapping.mapping import Mapping, compile_mapping
from tsumami.bridge.mapping.positions import Positions
from tsumami.bridge.mapping.source import Source, Turn
from tsumami.bridge.mapping.takeover import Hands
from tsumami.bridge.mapping.target import Target
from tsumami.bridge.mapping.targets import Place, targets_of

__all__ = [
    "Hands",
    "Knob",
    "Mapping",
    "Place",
    "Positions",
    "Source",
    "Target",
    "Turn",
    "compile_mapping",
    "targets_of",
]
