"""Compiled kernels: where they are kept between runs."""

import os
from collections.abc import Iterator

from tsumami.bridge.doctor.finding import Finding
from tsumami.engine.jit import CACHE_FOLDER

_MEGABYTE = 1e6


def examine_kernels() -> Iterator[Finding]:
    """The cache folder, its size, and whether it can be written."""
    sizes = [path.stat().st_size for path in CACHE_FOLDER.rglob("*") if path.is_file()]
    megabytes = round(sum(sizes) / _MEGABYTE, 1)
    writable = CACHE_FOLDER.is_dir() and os.access(CACHE_FOLDER, os.W_OK)
    details = {
        "folder": str(CACHE_FOLDER),
        "megabytes": megabytes,
        "files": len(sizes),
        "writable": writable,
    }
    if not writable:
        yield Finding(
            "kernels",
            "problem",
            f"{CACHE_FOLDER} cannot be written: every start compiles everything anew",
            "make the folder writable, or set NUMBA_CACHE_DIR to one that is",
            details,
        )
    elif not sizes:
        yield Finding(
            "kernels",
            "note",
            f"{CACHE_FOLDER} is empty: the first start compiles, about a minute",
            "run `tsumami live` once before the stage",
            details,
        )
    else:
        yield Finding(
            "kernels", "ok", f"{len(sizes)} files, {megabytes} MB, in {CACHE_FOLDER}", details=details
        )
