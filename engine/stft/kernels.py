"""The hot path of the streaming short-time Fourier transform. [audio thread]

Nothing here allocates, locks or raises; memory is prepared by `tsumami.engine.stft.stft`.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, types
from numba.core import cgutils

from tsumami.engine.jit import c_kernel, intrinsic, kernel
from tsumami.engine.memory import as_address, as_pointer
from tsumami.engine.stage import CHANNELS, STAGE_SIGNATURE
from tsumami.engine.stft.fft import Floats, Frame, inverse_real_fft, real_fft

FRAME_SIGNATURE = types.void(types.voidptr, types.CPointer(types.complex64), types.int64)
"""``void frame(void *state, complex64 *frames, int64 bins)``: change planar ``[2, bins]`` in place.

Numba signature for `tsumami.engine.jit.c_kernel`. [audio thread]
"""

STFT_DTYPE = np.dtype(
    [
        ("n_fft", np.int64),
        ("hop", np.int64),
        ("filled", np.int64),  # samples since the last frame, below hop
        ("frame_function", np.int64),  # address, or 0 to leave frames as they are
        ("frame_state", np.int64),
        ("plan_size", np.int64),
        # Addresses of float32 arrays.
        ("plan", np.int64),
        ("work", np.int64),
        ("scratch", np.int64),  # [n_fft]
        ("window", np.int64),  # [n_fft]
        ("dual", np.int64),  # [n_fft]
        ("history", np.int64),  # [2, n_fft], latest input last
        ("sums", np.int64),  # [2, n_fft], next output first
        ("frames", np.int64),  # complex64 [2, n_fft / 2 + 1]
    ],
    align=True,
)


@kernel
def analyse(
    samples: Floats, window: Floats, frame: Frame, plan: Floats, work: Floats, scratch: Floats
) -> None:
    """Windowed ``samples`` [n_fft] to ``frame`` [n_fft / 2 + 1]. [audio thread]"""
    for i in range(len(samples)):
        scratch[i] = samples[i] * window[i]
    real_fft(scratch, frame, plan, work)


@kernel
def synthesise(frame: Frame, dual: Floats, sums: Floats, plan: Floats, work: Floats, scratch: Floats) -> None:
    """Add the inverse of ``frame``, windowed by the ``dual``, to ``sums`` [n_fft]. [audio thread]"""
    inverse_real_fft(frame, scratch, plan, work)
    for i in range(len(sums)):
        sums[i] += scratch[i] * dual[i]


@kernel
def _shift(samples: Floats, hop: int) -> None:
    """Move ``samples`` to the front by ``hop``; what comes in at the end is 0."""
    kept = len(samples) - hop
    for i in range(kept):
        samples[i] = samples[i + hop]
    samples[kept:] = 0


@intrinsic
def _call_frame(typing_context: Any, function: Any, state: Any, frames: Any, bins: Any) -> Any:  # noqa: ARG001
    """Call a frame function through its address; pointers as int64 addresses. [audio thread]"""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        byte, i64 = cgutils.voidptr_t, ir.IntType(64)
        function_type = ir.FunctionType(ir.VoidType(), [byte, byte, i64])
        target = builder.inttoptr(arguments[0], function_type.as_pointer())
        pointers = [builder.inttoptr(argument, byte) for argument in arguments[1:3]]
        builder.call(target, [*pointers, arguments[3]])
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4), generate


@kernel
def _floats(address: int, size: int) -> Any:
    return carray(as_pointer(address), size, np.float32)


@kernel
def _transform(state: Any) -> None:
    """One frame of all channels: analysis, the frame function, synthesis, and on to the next hop."""
    n_fft, bins = state.n_fft, state.n_fft // 2 + 1
    plan, work = _floats(state.plan, state.plan_size), _floats(state.work, 2 * n_fft)
    scratch = _floats(state.scratch, n_fft)
    window, dual = _floats(state.window, n_fft), _floats(state.dual, n_fft)
    history, sums = _floats(state.history, CHANNELS * n_fft), _floats(state.sums, CHANNELS * n_fft)
    frames = carray(as_pointer(state.frames), CHANNELS * bins, np.complex64)
    for channel in range(CHANNELS):
        samples = history[channel * n_fft :][:n_fft]
        analyse(samples, window, frames[channel * bins :][:bins], plan, work, scratch)
        _shift(samples, state.hop)
    if state.frame_function != 0:
        _call_frame(state.frame_function, state.frame_state, state.frames, bins)
    for channel in range(CHANNELS):
        sum_ = sums[channel * n_fft :][:n_fft]
        _shift(sum_, state.hop)
        synthesise(frames[channel * bins :][:bins], dual, sum_, plan, work, scratch)


@c_kernel(STAGE_SIGNATURE)
def stft_process(
    state_pointer: Any,
    audio_in: Any,
    audio_out: Any,
    frames: int,
    events: Any,  # noqa: ARG001 (a spectrum has no notes)
    event_count: int,  # noqa: ARG001
) -> None:
    """The stage's process function; a block may be processed in place. [audio thread]"""
    state = carray(as_pointer(as_address(state_pointer)), 1, STFT_DTYPE)[0]
    n_fft, hop = state.n_fft, state.hop
    history, sums = _floats(state.history, CHANNELS * n_fft), _floats(state.sums, CHANNELS * n_fft)
    source, target = carray(audio_in, CHANNELS * frames), carray(audio_out, CHANNELS * frames)
    done = 0
    while done < frames:
        count = min(hop - state.filled, frames - done)
        for channel in range(CHANNELS):
            newest = (channel + 1) * n_fft - hop + state.filled
            ready = channel * n_fft + state.filled
            at = channel * frames + done
            history[newest : newest + count] = source[at : at + count]
            target[at : at + count] = sums[ready : ready + count]
        done += count
        state.filled += count
        if state.filled == hop:
            _transform(state)
            state.filled = 0
