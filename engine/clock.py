"""One monotonic clock for Python and for kernels, in nanoseconds: that of `time.perf_counter_ns`."""

import sys
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from tsumami.engine.jit import intrinsic, kernel

_I64 = ir.IntType(64)
_TIMESPEC = ir.LiteralStructType([_I64, _I64])
_MACOS_CLOCK_UPTIME_RAW = 8  # what mach_absolute_time counts
_LINUX_CLOCK_MONOTONIC = 1
_NS = 1_000_000_000


def _windows_now(builder: Any) -> Any:
    module = builder.module
    query = ir.FunctionType(ir.IntType(32), [_I64.as_pointer()])
    count, rate = cgutils.alloca_once(builder, _I64), cgutils.alloca_once(builder, _I64)
    builder.call(cgutils.get_or_insert_function(module, query, "QueryPerformanceCounter"), [count])
    builder.call(cgutils.get_or_insert_function(module, query, "QueryPerformanceFrequency"), [rate])
    ticks, frequency = builder.load(count), builder.load(rate)
    whole = builder.mul(builder.sdiv(ticks, frequency), _I64(_NS))
    rest = builder.sdiv(builder.mul(builder.srem(ticks, frequency), _I64(_NS)), frequency)
    return builder.add(whole, rest)


def _posix_now(builder: Any) -> Any:
    clock_id = _MACOS_CLOCK_UPTIME_RAW if sys.platform == "darwin" else _LINUX_CLOCK_MONOTONIC
    slot = cgutils.alloca_once(builder, _TIMESPEC)
    gettime = ir.FunctionType(ir.IntType(32), [ir.IntType(32), _TIMESPEC.as_pointer()])
    function = cgutils.get_or_insert_function(builder.module, gettime, "clock_gettime")
    builder.call(function, [ir.IntType(32)(clock_id), slot])
    now = builder.load(slot)
    seconds, nanoseconds = builder.extract_value(now, 0), builder.extract_value(now, 1)
    return builder.add(builder.mul(seconds, _I64(_NS)), nanoseconds)


@intrinsic
def now_ns(typing_context: Any) -> Any:
    """Nanoseconds of the monotonic clock, for kernels; safe on the audio thread (no system call)."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _windows_now(builder) if sys.platform == "win32" else _posix_now(builder)

    return types.int64(), generate


@intrinsic
def _sleep_ns(typing_context: Any, duration: Any) -> Any:
    """Suspend the thread for about ``duration`` nanoseconds."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        module = builder.module
        if sys.platform == "win32":
            sleep = ir.FunctionType(ir.VoidType(), [ir.IntType(32)])
            milliseconds = builder.trunc(builder.sdiv(arguments[0], _I64(1_000_000)), ir.IntType(32))
            builder.call(cgutils.get_or_insert_function(module, sleep, "Sleep"), [milliseconds])
        else:
            slot = cgutils.alloca_once(builder, _TIMESPEC)
            whole = builder.insert_value(
                ir.Constant(_TIMESPEC, None), builder.sdiv(arguments[0], _I64(_NS)), 0
            )
            builder.store(builder.insert_value(whole, builder.srem(arguments[0], _I64(_NS)), 1), slot)
            pointer = _TIMESPEC.as_pointer()
            sleep = ir.FunctionType(ir.IntType(32), [pointer, pointer])
            function = cgutils.get_or_insert_function(module, sleep, "nanosleep")
            builder.call(function, [slot, ir.Constant(pointer, None)])
        return context.get_dummy_value()

    return types.void(types.int64), generate


@kernel
def sleep_until(deadline_ns: int) -> None:
    """Suspend the thread until the clock has passed ``deadline_ns``. [audio thread of the null device]"""
    while True:
        left = deadline_ns - now_ns()
        if left <= 0:
            return
        _sleep_ns(left)
