"""The one shape of everything that makes or changes sound in the strip.

A stage is an address of a compiled C function and an address of its state, as in LADSPA or CLAP::

    void process(void *state, const float *input, float *output, int64 frames,
                 const event *events, int64 event_count)          [audio thread]

``input`` and ``output`` are planar float32 ``[channels, frames]``; ``events`` are `EVENT_DTYPE` records
in order of time, relative to the block (0 <= time < frames). The function writes all of ``output``, neither
allocates nor blocks nor raises, and gives the same samples however the time line is cut into blocks.
Addresses, not closures, so that each stage compiles alone and comes from the disk cache.
"""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils

from tsumami.engine.events import NO_EVENTS, Events
from tsumami.engine.jit import intrinsic, kernel

CHANNELS = 2
"""The strip is stereo throughout."""

STAGE_SIGNATURE = types.void(
    types.voidptr,
    types.CPointer(types.float32),
    types.CPointer(types.float32),
    types.int64,
    types.voidptr,
    types.int64,
)
"""Numba signature to give to `tsumami.engine.jit.c_kernel`."""


class Stage(Protocol):
    """A compiled processor: what the strip needs of an instrument or effect.

    The life is always ``prepare`` (allocates, compiles, warms up), any number of blocks, ``reset``
    (clears what sounds, keeps parameters). ``latency_samples`` is fixed while active.
    """

    @property
    def latency_samples(self) -> int:
        """Delay from input to output."""
        ...

    @property
    def process_address(self) -> int:
        """Address of the compiled C function."""
        ...

    @property
    def state_address(self) -> int:
        """Address of the state record; valid as long as the object lives."""
        ...

    def prepare(self, sample_rate: float, block_size: int) -> None:
        """Allocate and warm up for blocks of at most ``block_size`` frames."""
        ...

    def reset(self) -> None:
        """Clear what sounds; parameters stay."""
        ...


@intrinsic
def call_stage(
    typing_context: Any,
    process: Any,
    state: Any,
    audio_in: Any,
    audio_out: Any,
    frames: Any,
    events: Any,
    event_count: Any,
) -> Any:
    """Call a stage through its address; every argument is an int64 (pointers as addresses). [audio thread]"""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, sample, i64 = cgutils.voidptr_t, ir.FloatType().as_pointer(), ir.IntType(64)
        shape = [byte, sample, sample, i64, byte, i64]
        function = builder.inttoptr(arguments[0], ir.FunctionType(ir.VoidType(), shape).as_pointer())
        values = [
            value if kind is i64 else builder.inttoptr(value, kind)
            for value, kind in zip(arguments[1:], shape, strict=True)
        ]
        builder.call(function, values)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 7), generate


@kernel
def call_chain(
    processes: Any,
    states: Any,
    count: int,
    audio: Any,
    between: Any,
    frames: int,
    events: int,
    event_count: int,
) -> None:
    """Run the first ``count`` stages, one after the other, over a planar block in place. [audio thread]

    ``between`` is scratch, as long as ``audio``; ``events`` is the address of the block's events.
    """
    for stage in range(count):
        for i in range(CHANNELS * frames):
            between[i] = audio[i]
        call_stage(
            processes[stage],
            states[stage],
            between.ctypes.data,
            audio.ctypes.data,
            frames,
            events,
            event_count,
        )


@kernel
def _run(
    process: int, state: int, audio_in: int, audio_out: int, frames: int, events: int, count: int
) -> None:
    call_stage(process, state, audio_in, audio_out, frames, events, count)


def run_stage(
    stage: Stage, frames: int, events: Events = NO_EVENTS, audio: npt.NDArray[np.float32] | None = None
) -> npt.NDArray[np.float32]:
    """Run a prepared stage once from Python: for tests and offline work, not for the audio thread.

    ``audio`` is its input, float32 ``[2, frames]`` (silence when omitted); returns ``[2, frames]``.
    """
    audio_in = np.zeros((CHANNELS, frames), np.float32) if audio is None else np.ascontiguousarray(audio)
    audio_out = np.empty((CHANNELS, frames), np.float32)
    _run(
        stage.process_address,
        stage.state_address,
        audio_in.ctypes.data,
        audio_out.ctypes.data,
        frames,
        events.ctypes.data,
        len(events),
    )
    return audio_out
