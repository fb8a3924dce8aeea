"""A semaphore that wakes another thread or process, and how compiled code rings it."""

import sys
from typing import Any, Protocol

from llvmlite import ir
from numba import types
from numba.core import cgutils

from tsumami.engine.jit import intrinsic


class Doorbell(Protocol):
    """What wakes a thread: a `multiprocessing` semaphore, rung once for every push to its ring."""

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """Wait for a ring."""
        ...

    def release(self) -> None:
        """Ring."""
        ...


def bell_handle(bell: Any) -> int:
    """What `ring_bell` takes for a `multiprocessing` semaphore; valid in this process as long as it lives."""
    return int(bell._semlock.handle)


@intrinsic
def ring_bell(typing_context: Any, handle: Any) -> Any:
    """Ring by handle: ``sem_post`` or ``ReleaseSemaphore``, which do not wait. [audio thread]"""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, i32 = cgutils.voidptr_t, ir.IntType(32)
        pointer = builder.inttoptr(arguments[0], byte)
        module = builder.module
        if sys.platform == "win32":
            release = ir.FunctionType(i32, [byte, i32, byte])
            function = cgutils.get_or_insert_function(module, release, "ReleaseSemaphore")
            builder.call(function, [pointer, i32(1), ir.Constant(byte, None)])
        else:
            post = ir.FunctionType(i32, [byte])
            builder.call(cgutils.get_or_insert_function(module, post, "sem_post"), [pointer])
        return context.get_dummy_value()

    return types.void(types.int64), generate
