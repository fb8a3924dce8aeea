"""Keep the chatter of native libraries off the terminal.

ALSA and JACK explain on standard output and error, past Python, what they probe and do not find, and
that a server has gone. The same news reaches callers as errors, and they say it in one sentence.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import TextIO

_STDOUT, _STDERR = 1, 2
_lock = threading.RLock()


@contextlib.contextmanager
def native_output_silenced() -> Iterator[None]:
    """Send what C libraries write to standard output and error to nowhere while the block runs.

    Both descriptors of the whole process are replaced, so the block should be no longer than one
    library call; one block runs at a time. Does nothing where a descriptor is closed.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    with _lock, _sent_nowhere(_STDOUT, _STDERR):
        yield


@contextlib.contextmanager
def standard_error_kept() -> Iterator[TextIO]:
    """The terminal behind standard error as a file, which nobody else writes to while the block runs.

    For a view that owns the screen: child processes started within are silent too.
    """
    with os.fdopen(os.dup(_STDERR), "w", encoding="utf-8") as terminal, _sent_nowhere(_STDERR):
        yield terminal


@contextlib.contextmanager
def _sent_nowhere(*descriptors: int) -> Iterator[None]:
    saved: dict[int, int] = {}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for descriptor in descriptors:
            with contextlib.suppress(OSError):
                saved[descriptor] = os.dup(descriptor)
                os.dup2(nowhere, descriptor)
        yield
    finally:
        for descriptor, copy in saved.items():
            os.dup2(copy, descriptor)
            os.close(copy)
        os.close(nowhere)
