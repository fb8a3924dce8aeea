"""What the engine needs of an instrument, and how it is made from a name."""

import importlib
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tsumami.engine.parameter import Parameter
from tsumami.engine.stage import Stage


class Instrument(Stage, Protocol):
    """A stage with a parameter table."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The table: continuous rows first."""
        ...

    def set_parameters(self, values: npt.NDArray[np.float32]) -> None:
        """Set all at once, without smoothing, before playing."""
        ...


def create_instrument(name: str) -> Instrument:
    """Make the instrument that ``"module:name"`` stands for: a class of no arguments."""
    module, _, attribute = name.partition(":")
    instrument: Instrument = getattr(importlib.import_module(module), attribute)()
    return instrument
