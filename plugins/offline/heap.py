"""The C library's heap, told to keep what audio buffers leave: they come and go with every render."""

import contextlib
import ctypes
import sys
from typing import Final

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
"""Parameters of glibc's ``mallopt``."""
_KEPT: Final = {_TRIM_THRESHOLD: 1 << 26, _MMAP_THRESHOLD: 1 << 26, _TOP_PAD: 1 << 22}


def keep_memory() -> None:
    """Let buffers reuse the pages of those before, where the system has glibc; elsewhere do nothing."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            set_option = ctypes.CDLL(None).mallopt
            for option, value in _KEPT.items():
                set_option(option, value)
