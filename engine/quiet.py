"""Keep the chatter of native libraries off the terminal."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def native_output_silenced() -> Iterator[None]:
    """Send what C libraries write to standard output and error to nowhere while the block runs.

    ALSA and JACK report every device they probe and do not find. Both descriptors of the whole process
    are replaced, so use it for set-up only. Does nothing where a descriptor is closed.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    saved: dict[int, int] = {}
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (a path object has no fd to keep)
        for descriptor in (1, 2):
            with contextlib.suppress(OSError):
                saved[descriptor] = os.dup(descriptor)
                os.dup2(nowhere.fileno(), descriptor)
        try:
            yield
        finally:
            for descriptor, copy in saved.items():
                os.dup2(copy, descriptor)
                os.close(copy)
