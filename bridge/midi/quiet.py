"""Keeps the C libraries of the MIDI systems from writing to the terminal.

ALSA and JACK explain on standard error, past Python, that there is no sequencer or no server. The
same news reaches the caller as an error, and he says it in one sentence.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2
_lock = threading.RLock()


@contextmanager
def silenced() -> Iterator[None]:
    """Send the process's standard error nowhere for the length of the block.

    It holds for all threads, so the block should be no longer than one library call. One block runs
    at a time.
    """
    with _lock:
        try:
            kept = os.dup(_STDERR)
        except OSError:  # a program without a terminal has no standard error to keep quiet
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, _STDERR)
            yield
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
            os.close(nowhere)
