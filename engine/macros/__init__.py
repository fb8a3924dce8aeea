"""Macros, live: knobs that move a normalizing flow's latent and through it a whole synthesizer."""

from tsumami.engine.macros.knob import Knob
from tsumami.engine.macros.processor import MACROS, Decoder, MacroProcessor

__all__ = ["MACROS", "Decoder", "Knob", "MacroProcessor"]
