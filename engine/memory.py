"""What a kernel needs of the machine and Python cannot say, each an LLVM instruction or two.

Pointers from addresses, ordered loads and stores, and the processor's denormal mode.
"""

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from tsumami.engine.jit import inline_kernel, intrinsic

_I64 = ir.IntType(64)
_X86 = platform.machine() in ("x86_64", "AMD64")
_ARM64 = platform.machine() in ("aarch64", "arm64")
_X86_FLUSH = 0x8040  # MXCSR: flush-to-zero and denormals-are-zero
_ARM_FLUSH = 1 << 24  # FPCR: FZ


@intrinsic
def load_acquire(typing_context: Any, address: Any) -> Any:
    """Read the int64 at ``address``; nothing after it is read before it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], _I64.as_pointer())
        return builder.load_atomic(pointer, ordering="acquire", align=8, typ=_I64)

    return types.int64(types.int64), generate


@intrinsic
def store_release(typing_context: Any, address: Any, value: Any) -> Any:
    """Write an int64 to ``address``; nothing before it is written after it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], _I64.as_pointer())
        builder.store_atomic(arguments[1], pointer, ordering="release", align=8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def exchange(typing_context: Any, address: Any, value: Any) -> Any:
    """Write an int64 to ``address`` and return what stood there, as one step that nothing moves across."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], _I64.as_pointer())
        return builder.atomic_rmw("xchg", pointer, arguments[1], "acq_rel")

    return types.int64(types.int64, types.int64), generate


@intrinsic
def as_pointer(typing_context: Any, address: Any) -> Any:
    """An int64 address as a ``void *``, for `numba.carray`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


@intrinsic
def as_address(typing_context: Any, pointer: Any) -> Any:
    """A C pointer as an int64 address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ptrtoint(arguments[0], _I64)

    return types.int64(pointer), generate


@intrinsic
def _set_flush(typing_context: Any, mode: Any) -> Any:
    """Write the floating-point control register and return what it held."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if _X86:
            i32 = ir.IntType(32)
            slot = cgutils.alloca_once(builder, i32)
            pointer = builder.bitcast(slot, cgutils.voidptr_t)
            function = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t])
            module = builder.module
            builder.call(cgutils.get_or_insert_function(module, function, "llvm.x86.sse.stmxcsr"), [pointer])
            before = builder.load(slot)
            builder.store(builder.trunc(arguments[0], i32), slot)
            builder.call(cgutils.get_or_insert_function(module, function, "llvm.x86.sse.ldmxcsr"), [pointer])
            return builder.zext(before, _I64)
        if _ARM64:
            read = ir.FunctionType(_I64, [])
            write = ir.FunctionType(ir.VoidType(), [_I64])
            before = builder.asm(read, "mrs $0, fpcr", "=r", [], side_effect=True)
            builder.asm(write, "msr fpcr, $0", "r", [arguments[0]], side_effect=True)
            return before
        return arguments[0]

    return types.int64(types.int64), generate


_FLUSH_MODE = _ARM_FLUSH if _ARM64 else 0x1F80 | _X86_FLUSH


@inline_kernel
def flush_denormals() -> int:
    """Make this thread treat denormals as zero; returns the mode to hand to `restore_denormals`."""
    before: int = _set_flush(_FLUSH_MODE)
    return before


@inline_kernel
def restore_denormals(mode: int) -> None:
    """Put back the floating-point mode that `flush_denormals` returned."""
    _set_flush(mode)
