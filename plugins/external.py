"""`ExternalSynth`: the silent place in the strip of a synthesizer that sounds elsewhere."""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import carray  # pyright: ignore[reportPrivateImportUsage]

from tsumami.engine.jit import c_kernel
from tsumami.engine.parameter import Parameter
from tsumami.engine.stage import CHANNELS, STAGE_SIGNATURE
from tsumami.plugins.builtin.parameters import PARAMETERS


@c_kernel(STAGE_SIGNATURE)
def _process(_state: Any, _input: Any, output: Any, frames: int, _events: Any, _event_count: int) -> None:
    """Silence. [audio thread]"""
    carray(output, CHANNELS * frames)[:] = np.float32(0.0)


class ExternalSynth:
    """An instrument that plays nothing and has the built-in synthesizer's parameters, or those it is given.

    The macro model moves them as ever; whoever reads them from the meter block can send them to a
    synthesizer outside.
    """

    latency_samples: int = 0
    state_address: int = 0
    """It has no state."""

    def __init__(self, parameters: tuple[Parameter, ...] = PARAMETERS) -> None:
        self.parameters = parameters

    @property
    def process_address(self) -> int:
        """Address of the compiled C function."""
        return int(_process.address)

    def prepare(self, sample_rate: float, block_size: int) -> None:
        """Nothing to allocate."""

    def reset(self) -> None:
        """Nothing sounds."""

    def set_parameters(self, values: npt.NDArray[np.float32]) -> None:
        """The values stand in the meter block."""
