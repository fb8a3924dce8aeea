"""A macro model file turned into a processor for one instrument."""

from collections.abc import Sequence
from dataclasses import dataclass

from tsumami.engine.config import MacroLabel
from tsumami.engine.macro_model import MacroModel
from tsumami.engine.macros import MacroProcessor
from tsumami.engine.parameter import Parameter
from tsumami.engine.provider import Provider


@dataclass(frozen=True, slots=True)
class LoadedMacros:
    """A processor that is ready to run, where its model runs, and what its knobs are called."""

    processor: MacroProcessor
    provider: str
    labels: tuple[MacroLabel, ...]
