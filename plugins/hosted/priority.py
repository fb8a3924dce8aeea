"""The priority of the thread that plays a plugin."""

import contextlib
import os
from collections.abc import Iterator

_PRIORITY = 60
"""SCHED_FIFO priority where the system grants one: under the audio thread, above all else."""
_RUNAWAY_MICROSECONDS = 1_000_000


@contextlib.contextmanager
def real_time() -> Iterator[None]:
    """Real-time priority where it is granted, with a bound on what a plugin that hangs may take of it."""
    try:
        with contextlib.suppress(ImportError, AttributeError, ValueError, OSError):  # not every system
            import resource

            limit = (_RUNAWAY_MICROSECONDS, 2 * _RUNAWAY_MICROSECONDS)
            resource.setrlimit(resource.RLIMIT_RTTIME, limit)
        _set_policy(real_time=True)
        yield
    finally:
        _set_policy(real_time=False)


@contextlib.contextmanager
def unhurried() -> Iterator[None]:
    """Ordinary priority for work that may take long."""
    _set_policy(real_time=False)
    try:
        yield
    finally:
        _set_policy(real_time=True)


def _set_policy(*, real_time: bool) -> None:
    with contextlib.suppress(AttributeError, OSError):  # not every system, not every user
        if real_time:
            # Threads that the plugin starts do not inherit it.
            os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(_PRIORITY))
        else:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
