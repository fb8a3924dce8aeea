"""A small compiled instrument for tests of the strip: one sine per held note, level on parameter 0."""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import carray

from tsumami.engine.events import EVENT_DTYPE, Kind
from tsumami.engine.jit import c_kernel
from tsumami.engine.parameter import Parameter
from tsumami.engine.stage import STAGE_SIGNATURE

_STATE = np.dtype(
    [
        ("step", np.float64),
        ("phase", np.float64),
        ("level", np.float64),
        ("held", np.int64),
        ("broken", np.int64),
    ]
)
_NOTE_ON, _NOTE_OFF, _PARAMETER, _OFF = (
    int(Kind.NOTE_ON),
    int(Kind.NOTE_OFF),
    int(Kind.PARAMETER),
    int(Kind.ALL_NOTES_OFF),
)


@c_kernel(STAGE_SIGNATURE)
def _process(state: Any, audio_in: Any, audio_out: Any, frames: int, events: Any, count: int) -> None:  # noqa: ARG001
    tone = carray(state, 1, _STATE)[0]
    output = carray(audio_out, (2, frames))
    changes = carray(events, count, EVENT_DTYPE)
    at = 0
    for i in range(frames):
        while at < count and changes[at].time <= i:
            if changes[at].kind == _NOTE_ON:
                tone.held += 1
            elif changes[at].kind == _NOTE_OFF:
                tone.held -= 1
            elif changes[at].kind == _OFF:
                tone.held = 0
            elif changes[at].kind == _PARAMETER and changes[at].index == 0:
                tone.level = changes[at].value
            at += 1
        tone.phase += tone.step
        sample = np.sin(tone.phase) * tone.level if tone.held > 0 else 0.0
        if tone.broken > 0:
            sample = np.nan
        output[0, i] = sample
        output[1, i] = -sample


class Tone:
    """A `tsumami.engine.stage.Stage` with a parameter table."""

    parameters = (
        Parameter("level", 0.0, 1.0, "", 0.5),
        Parameter("colour", 0.0, 1.0, "", 0.5),
    )
    latency_samples = 0

    def __init__(self) -> None:
        self._state = np.zeros(1, _STATE)
        self._state["level"] = 0.5

    @property
    def process_address(self) -> int:
        return int(_process.address)

    @property
    def state_address(self) -> int:
        return int(self._state.ctypes.data)

    def prepare(self, sample_rate: float, block_size: int) -> None:  # noqa: ARG002
        self._state["step"] = 2 * np.pi * 440 / sample_rate

    def reset(self) -> None:
        self._state["held"] = 0

    def set_parameters(self, values: npt.NDArray[np.float32]) -> None:
        self._state["level"] = values[0]

    def break_down(self, broken: bool = True) -> None:
        """Return NaN from now on."""
        self._state["broken"] = int(broken)
