"""A click to play to: the strip's instrument where a groove is heard."""

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import carray

from tsumami.engine.groove.live_memory import GROOVE_METERS, GrooveMemory
from tsumami.engine.jit import c_kernel, kernel
from tsumami.engine.memory import as_pointer
from tsumami.engine.parameter import Parameter
from tsumami.engine.stage import CHANNELS, STAGE_SIGNATURE

LENGTH_SECONDS: Final = 0.04
_HZ, _ACCENT_HZ = 1600.0, 2400.0
_DECAY_SECONDS: Final = 0.006
_GAIN: Final = 0.5

CLICK_DTYPE = np.dtype([("meters", np.int64), ("sample_rate", np.float64)])


@kernel
def click_sample(age: float, sample_rate: float, is_accent: bool) -> float:
    """The click ``age`` samples after its beginning."""
    seconds = age / sample_rate
    if not 0.0 <= seconds < LENGTH_SECONDS:
        return 0.0
    angle = 2.0 * math.pi * (_ACCENT_HZ if is_accent else _HZ) * seconds
    return _GAIN * math.sin(angle) * math.exp(-seconds / _DECAY_SECONDS)


def click_sound(sample_rate: float) -> npt.NDArray[np.float64]:
    """An accent from its beginning on, as the strip plays it, ``[frames]``."""
    ages = range(round(LENGTH_SECONDS * sample_rate))
    return np.array([click_sample(float(age), sample_rate, True) for age in ages])


@c_kernel(STAGE_SIGNATURE)
def process(
    stage: Any,
    audio_in: Any,  # noqa: ARG001 (an instrument hears nothing)
    audio_out: Any,
    frames: int,
    events: Any,  # noqa: ARG001 (a click has its time from the time line)
    event_count: int,  # noqa: ARG001
) -> None:
    """The clicks of a block that the tap has just heard. [audio thread]"""
    state = carray(stage, 1, CLICK_DTYPE)[0]
    meters = carray(as_pointer(state.meters), 1, GROOVE_METERS)[0]
    target = carray(audio_out, (CHANNELS, frames))
    for i in range(frames):
        sample, period = 0.0, meters.click_period
        since = meters.sample - frames + i - meters.click_first
        if period > 0.0 and since >= 0.0:
            number = int(since / period)
            is_accent = number % max(meters.click_bar, 1) == 0
            sample = click_sample(since - number * period, state.sample_rate, is_accent)
        target[0, i] = target[1, i] = sample


class ClickStage:
    """Plays the click that a `GrooveMemory` asks for; an instrument without parameters, deaf to events.

    A `tsumami.engine.groove.tap.GrooveTap` of the same memory must be in the strip's input: its time is the
    click's.
    """

    latency_samples = 0
    parameters: tuple[Parameter, ...] = ()

    def __init__(self, memory_name: str) -> None:
        self._shared = GrooveMemory.attach(memory_name)
        self._state = np.zeros(1, CLICK_DTYPE)

    @property
    def process_address(self) -> int:
        """Address of the compiled C function."""
        return int(process.address)

    @property
    def state_address(self) -> int:
        """Address of the state record; valid as long as the object lives."""
        return int(self._state.ctypes.data)

    def prepare(self, sample_rate: float, block_size: int) -> None:  # noqa: ARG002
        """Get ready for any blocks."""
        self._state[0]["meters"] = self._shared.meters.address
        self._state[0]["sample_rate"] = sample_rate

    def set_parameters(self, values: npt.NDArray[np.float32]) -> None:
        """Take no parameters."""

    def reset(self) -> None:
        """Nothing sounds on: the click is a function of the time line."""
