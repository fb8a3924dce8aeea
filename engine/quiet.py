"""Keep the chatter of native libraries off the terminal.

ALSA and JACK explain on standard output and error, past Python, what they probe and do not find, and
that a server has gone. The same news reaches callers as errors, and they say it in one sentence.
"""

import contextlib
import io
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
    library call; one block runs at a time. Does nothing where a descriptor is closed. What another thread
    prints meanwhile is lost too, unless `keep_own_words` was called.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    with _lock, _sent_nowhere(_STDOUT, _STDERR):
        yield


def keep_own_words() -> None:
    """Let Python's standard output and error write by descriptors of their own, for the whole process.

    What this program says is then heard also while a native library is silenced in another thread.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        with contextlib.suppress(AttributeError, OSError, ValueError):  # closed, or not a file
            file = os.fdopen(os.dup(stream.fileno()), "wb", 0 if stream.write_through else -1)
            options = {"line_buffering": stream.line_buffering, "write_through": stream.write_through}
            setattr(sys, name, io.TextIOWrapper(file, stream.encoding, stream.errors, **options))


@contextlib.contextmanager
def standard_error_kept() -> Iterator[TextIO]:
    """The terminal behind standard error as a file, which nobody else writes to while the block runs.

    For a view that owns the screen: child processes started within are silent too.
    """
    others = {_STDERR, sys.stderr.fileno()}
    with os.fdopen(os.dup(_STDERR), "w", encoding="utf-8") as terminal, _sent_nowhere(*others):
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
