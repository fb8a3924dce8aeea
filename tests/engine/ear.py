"""A small compiled stage for tests of the strip's input: it delays what it hears and notes what was lost."""

from typing import Any

import numpy as np
from numba import carray

from tsumami.engine.events import EVENT_DTYPE, Kind
from tsumami.engine.jit import c_kernel
from tsumami.engine.stage import STAGE_SIGNATURE

_ROOM = 1 << 16
_STATE = np.dtype(
    [
        ("sample", np.int64),
        ("delay", np.int64),
        ("line", np.float32, (2, 64)),
        ("heard", np.int64, (_ROOM,)),  # kind of each event
        ("heard_at", np.int64, (_ROOM,)),
        ("heard_count", np.int64),
        ("lost", np.int8, (_ROOM,)),  # by sample
    ],
    align=True,
)
_LOST = int(Kind.LOST)


@c_kernel(STAGE_SIGNATURE)
def _process(state: Any, audio_in: Any, audio_out: Any, frames: int, events: Any, count: int) -> None:
    ear = carray(state, 1, _STATE)[0]
    source, target = carray(audio_in, (2, frames)), carray(audio_out, (2, frames))
    told = carray(events, count, EVENT_DTYPE)
    for at in range(count):
        ear.heard[ear.heard_count] = told[at].kind
        ear.heard_at[ear.heard_count] = ear.sample + told[at].time
        ear.heard_count += 1
        if told[at].kind == _LOST:
            for i in range(int(told[at].value)):
                ear.lost[ear.sample + told[at].time + i] += 1
    for i in range(frames):
        at = ear.sample % ear.delay if ear.delay > 0 else 0
        for channel in range(2):
            late = source[channel, i] if ear.delay == 0 else ear.line[channel, at]
            ear.line[channel, at] = source[channel, i]
            target[channel, i] = late
        ear.sample += 1


class Ear:
    """A `tsumami.engine.stage.Stage` for up to 65,536 samples and events."""

    def __init__(self, delay: int = 0) -> None:
        self.latency_samples = delay
        self._state = np.zeros(1, _STATE)
        self._state["delay"] = delay

    @property
    def process_address(self) -> int:
        return int(_process.address)

    @property
    def state_address(self) -> int:
        return int(self._state.ctypes.data)

    def prepare(self, sample_rate: float, block_size: int) -> None:
        """Nothing depends on them."""

    def reset(self) -> None:
        self._state["line"] = 0

    @property
    def heard(self) -> list[tuple[int, int]]:
        """Sample and kind of each event, as they came."""
        count = int(self._state["heard_count"][0])
        times, kinds = self._state["heard_at"][0, :count], self._state["heard"][0, :count]
        return [(int(time), int(kind)) for time, kind in zip(times, kinds, strict=True)]

    @property
    def lost(self) -> list[int]:
        """How often each sample so far was told to be lost."""
        counts: list[int] = self._state["lost"][0, : int(self._state["sample"][0])].tolist()
        return counts
