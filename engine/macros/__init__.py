"""Macros: knobs that move a whole instrument through the latent of a normalizing flow."""

from tsumami.engine.macros.axes import Axes
from tsumami.engine.macros.knob import Knob
from tsumami.engine.macros.processor import MacroDecoder, MacroProcessor

__all__ = ["Axes", "Knob", "MacroDecoder", "MacroProcessor"]
