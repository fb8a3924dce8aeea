"""How Tsumami's kernels are compiled: no GIL, no exceptions, cached on disk.

Numba's disk cache notices a change of the file that a kernel stands in, but not
of the kernels that it calls in other files. So the cache folder is named after
a hash of every source file of ``engine`` and ``plugins``: a stale kernel cannot
be loaded, and a read-only installation caches in the user's own folder.
``NUMBA_CACHE_DIR``, when set, is respected and used as it is.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import platformdirs
from numba.extending import intrinsic as numba_intrinsic

F = TypeVar("F", bound=Callable[..., Any])

_KEPT_CACHES = 4


def _source_hash() -> str:
    """Hash of the sources whose kernels may call each other."""
    digest = hashlib.sha256()
    engine = Path(__file__).parent
    for package in (engine, engine.parent / "plugins"):
        for path in sorted(package.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _prepare_cache() -> Path:
    """Choose the cache folder, before the first kernel is declared, and drop the oldest others."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        return Path(chosen)
    root = platformdirs.user_cache_path("tsumami") / "kernels"
    folder = root / _source_hash()
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted(root.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in others[_KEPT_CACHES:]:
            shutil.rmtree(old, ignore_errors=True)
    # Child processes inherit the variable, so that all of a session's processes share one cache.
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    numba.config.CACHE_DIR = str(folder)  # pyright: ignore[reportAttributeAccessIssue]
    return folder


CACHE_FOLDER = _prepare_cache()
"""Where compiled kernels are kept between runs."""


def kernel(function: F) -> F:
    """Compile ``function`` on first call, without GIL, with C's division and no exception path."""
    return cast(F, numba.njit(function, cache=True, nogil=True, error_model="numpy"))


def summing_kernel(function: F) -> F:
    """Compile ``function`` as `kernel` does, its sums in any order, so that they are made of vectors."""
    options = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"reassoc", "contract"}}
    return cast(F, numba.njit(function, **options))


def inline_kernel(function: F) -> F:
    """Compile ``function`` as `kernel` does, to be inlined by LLVM into the kernels that call it."""
    return cast(F, numba.njit(function, cache=True, nogil=True, error_model="numpy", forceinline=True))


def intrinsic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare LLVM code for kernels to call; ``function`` is a numba typing function."""
    return cast(Callable[..., Any], numba_intrinsic(function))


def c_kernel(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile at once as a C function of ``signature``; the result has an ``address``.

    An exception inside a C function would take the GIL, so callees use `kernel` (C division) and
    index within bounds.
    """
    return cast(
        Callable[[Callable[..., Any]], Any],
        numba.cfunc(signature, cache=True, error_model="numpy"),
    )
