"""What a test must not leave behind: processes and shared memory."""

import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from tests.command import MARK

PREFIX = "tsumami-"
"""Names of the shared memory segments start with it; the creator's process id follows."""

_SHARED_MEMORY = Path("/dev/shm")
_DEADLINE_SECONDS = 10.0


def shared_memory_names(prefix: str = PREFIX) -> frozenset[str]:
    """Segments that this process or one that is dead has created; none where the system lists none."""
    names = (path.name for path in _SHARED_MEMORY.glob(f"{prefix}*"))
    return frozenset(name for name in names if _is_ours(name.removeprefix(prefix)))


def live_processes() -> frozenset[int]:
    """Processes that `run_tsumami` or a test of this process has started, with theirs, even orphans."""
    children = {child.pid for child in psutil.Process().children(recursive=True) if _runs(child)}
    return frozenset(children | {process.pid for process in psutil.process_iter() if _is_marked(process)})


def assert_nothing_left(
    prefix: str = PREFIX,
    *,
    known_processes: Iterable[int] = (),
    known_segments: Iterable[str] = (),
) -> None:
    """Wait until what was started has ended; AssertionError names what has not within ten seconds."""

    def segments() -> frozenset[str]:
        return shared_memory_names(prefix) - frozenset(known_segments)

    def processes() -> frozenset[int]:
        return live_processes() - frozenset(known_processes)

    _wait_until(lambda: not segments() and not processes())
    assert not segments(), "shared memory was left behind"
    assert not processes(), "processes were left running"


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)


def _is_ours(rest_of_name: str) -> bool:
    """A live process that this one has not started may still be using its segment."""
    digits, _, _ = rest_of_name.partition("-")
    if not digits.isdecimal() or not psutil.pid_exists(int(digits)):
        return True
    return int(digits) == os.getpid() or int(digits) in live_processes()


def _is_marked(process: psutil.Process) -> bool:
    try:
        is_marked: bool = process.environ().get(MARK) == str(os.getpid())
        return is_marked and process.pid != os.getpid()
    except (psutil.Error, OSError):  # another user's, or gone
        return False


def _runs(process: psutil.Process) -> bool:
    """Whether it is a Python at work; Python's own helper for shared memory may stay."""
    try:
        words = process.cmdline()
        is_python = bool(words) and words[0] == sys.executable
        return (
            is_python
            and process.status() != psutil.STATUS_ZOMBIE
            and "resource_tracker" not in " ".join(words)
        )
    except psutil.Error:
        return False
