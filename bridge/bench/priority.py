"""The priority of an audio thread, for a moment."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

_PRIORITY: Final = 70
"""Near that of JACK's clients."""


@contextmanager
def real_time_priority() -> Iterator[None]:
    """Let this thread come before others, where the system has such a priority and grants it."""
    if not hasattr(os, "sched_setscheduler"):
        yield
        return
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    try:
        yield
    finally:
        with suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
