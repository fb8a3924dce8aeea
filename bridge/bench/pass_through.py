"""The yardstick of stages: a compiled one that only copies its input."""

from typing import Any

from numba import carray  # pyright: ignore[reportPrivateImportUsage]

from tsumami.engine.jit import c_kernel
from tsumami.engine.stage import CHANNELS, STAGE_SIGNATURE

PASS_THROUGH = "pass-through stage"
"""What rows call it."""


@c_kernel(STAGE_SIGNATURE)
def pass_through(_state: Any, audio_in: Any, audio_out: Any, frames: int, _events: Any, _count: int) -> None:
    """Copy the input: the least that any stage can do."""
    source, target = carray(audio_in, (CHANNELS, frames)), carray(audio_out, (CHANNELS, frames))
    for channel in range(CHANNELS):
        for i in range(frames):
            target[channel, i] = source[channel, i]
