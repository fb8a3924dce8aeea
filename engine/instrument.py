"""What the engine needs of an instrument, and how stages are made from their names."""

import importlib
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from tsumami.engine.config import StageSource
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


def create_instrument(source: StageSource) -> Instrument:
    """Make the instrument that ``source`` stands for."""
    return cast(Instrument, _create(source))


def create_effect(source: StageSource) -> Stage:
    """Make the effect that ``source`` stands for."""
    return cast(Stage, _create(source))


def _create(source: StageSource) -> Any:
    module, _, attribute = source.name.partition(":")
    return getattr(importlib.import_module(module), attribute)(*source.arguments)
