"""What the thread beside a repair hands to the audio thread, without either waiting for the other.

Of fits and of plans there are three slots each: the audio thread has one, the thread beside it fills one, and
the third lies in between. Each gives its own for that one in a single exchange, so nobody reads what somebody
writes.
"""

from typing import Any, Final

from numba import carray

from tsumami.engine.jit import inline_kernel, kernel
from tsumami.engine.memory import as_pointer, exchange, load_acquire
from tsumami.engine.restoration.repair_state import REPAIR_DTYPE, offset_of

_FRESH: Final = 4
"""Of what lies in between: it is newer than what is held. The bits below are its slot."""
_SLOT: Final = _FRESH - 1
SAMPLE_OFFSET: Final = offset_of("sample")
FITS_BETWEEN: Final = offset_of("middle")
PLANS_BETWEEN: Final = offset_of("plan_middle")


@inline_kernel
def repair_record(stage: int) -> Any:
    """The `REPAIR_DTYPE` record at an address."""
    return carray(as_pointer(stage), 1, REPAIR_DTYPE)[0]


@kernel
def newest_slot(between: int, held: int) -> int:
    """The slot to read, for the one ``held`` so far; ``between`` is an address. [audio thread]"""
    if load_acquire(between) & _FRESH:
        return int(exchange(between, held)) & _SLOT
    return held


@kernel
def hand_over(between: int, filled: int) -> int:
    """Give the slot that was ``filled``; returns the one to fill next."""
    return int(exchange(between, filled | _FRESH)) & _SLOT
