"""Whether compiled code allocates: numba's own count of the memory that kernels take."""

import importlib
from collections.abc import Callable
from typing import Any

from numba.core.runtime.nrt import rtsys

# numba counts allocations only when asked to, and has no public way to ask.
_nrt_python: Any = importlib.import_module("numba.core.runtime._nrt_python")


def allocations(call: Callable[[], Any]) -> int:
    """How many pieces of memory numba's run time takes during ``call``, as its second run."""
    call()
    _nrt_python.memsys_enable_stats()
    before = rtsys.get_allocation_stats()
    call()
    after = rtsys.get_allocation_stats()
    _nrt_python.memsys_disable_stats()
    return int(after.alloc - before.alloc)
