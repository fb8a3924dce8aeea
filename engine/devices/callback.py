"""The two clocks that drive the strip: PortAudio's callback, and a loop for machines without sound."""

from typing import Any

import numpy as np
from numba import carray, types

from tsumami.engine.clock import now_ns, sleep_until
from tsumami.engine.jit import c_kernel, kernel
from tsumami.engine.memory import as_address, load_acquire
from tsumami.engine.strip.kernels import meter_record, strip_record, strip_run

_INPUT_UNDERFLOW, _INPUT_OVERFLOW, _OUTPUT_UNDERFLOW = 1, 2, 4  # paInputUnderflow and so on
_CONTINUE = 0  # paContinue
_CURRENT_TIME, _DAC_TIME = 1, 2  # fields of PaStreamCallbackTimeInfo


@c_kernel(types.int32(types.voidptr, types.voidptr, types.ulong, types.voidptr, types.ulong, types.voidptr))
def portaudio_callback(
    audio_in: Any, audio_out: Any, frames: int, time_info: Any, flags: int, strip: Any
) -> int:
    """``PaStreamCallback`` whose user data is the strip's address. [audio thread]

    After an overflow the samples are good but others are missing before them; how many is not told. The
    block counts as lost, so that a repair replaces the seam.
    """
    address = as_address(strip)
    state = strip_record(address)
    meters = meter_record(state.meters)
    if flags & _OUTPUT_UNDERFLOW:
        meters.missed += 1
    if flags & _INPUT_OVERFLOW:
        meters.input_overflows += 1
    if flags & (_INPUT_UNDERFLOW | _INPUT_OVERFLOW):
        state.input_lost = frames
    times = carray(time_info, 3, np.float64)
    meters.device_latency_seconds = times[_DAC_TIME] - times[_CURRENT_TIME]
    strip_run(address, as_address(audio_in), as_address(audio_out), int(frames))
    return _CONTINUE


@kernel
def run_null_device(strip: int, target: int) -> None:
    """Drive the strip by the clock until its ``stop`` flag is set. [audio thread]

    ``target`` is scratch for one interleaved block. A block that starts over one period late counts as
    missed, as many times as periods have passed, and the time line goes on from there.
    """
    state = strip_record(strip)
    meters = meter_record(state.meters)
    period = state.block_size * 1e9 / state.sample_rate
    start = now_ns()
    periods = 0
    while load_acquire(strip) == 0:
        strip_run(strip, 0, target, state.block_size)
        periods += 1
        late = now_ns() - (start + periods * period)
        if late > period:
            missed = int(late // period)
            meters.missed += missed
            periods += missed
        sleep_until(start + int(periods * period))
