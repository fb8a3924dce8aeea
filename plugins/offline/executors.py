"""Where batches run: threads here, each driving a render host, or the workers of a Dask cluster.

Both are `concurrent.futures.Executor`; nothing else is asked of them.
"""

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from tsumami.engine.errors import ParameterError, RenderError
from tsumami.plugins.offline.heap import keep_memory
from tsumami.plugins.offline.pool import POOL

_CONNECT_SECONDS: Final = 10.0
_PATIENCE_SECONDS: Final = 30.0
"""How long a cluster may have no worker."""

KEPT: Final = "what is rendered is kept, the same command goes on from there"


@dataclass(frozen=True, slots=True)
class Crew:
    """An executor, how many batches it can work on at once, and a check that raises when it is gone."""

    executor: Executor
    size: int
    check: Callable[[], None]


@contextlib.contextmanager
def open_crew(workers: int | None = None, cluster: str | None = None) -> Iterator[Crew]:
    """``workers`` processes here (the number of cores by default), or the cluster at an address.

    Raises `ParameterError` for a number below 1, `RenderError` for a cluster that cannot be reached.
    """
    if cluster is not None:
        with _cluster_crew(cluster) as crew:
            yield crew
        return
    count = workers if workers is not None else os.cpu_count() or 1
    if count < 1:
        raise ParameterError(f"workers must be at least 1, got {count}")
    keep_memory()
    executor = ThreadPoolExecutor(count, thread_name_prefix="render")
    try:
        yield Crew(executor, count, lambda: None)
    finally:
        executor.shutdown(cancel_futures=True)
        POOL.close()


@contextlib.contextmanager
def _cluster_crew(address: str) -> Iterator[Crew]:
    try:
        import distributed
    except ImportError:
        raise RenderError("cluster must have Dask here too: pip install 'tsumami[cluster]'") from None
    make_client: Any = distributed.Client
    for name in ("distributed", "distributed.client"):  # what matters is told by an exception
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client: Any = make_client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise RenderError(
            f"cluster must be the address of a Dask scheduler that answers, got {address} ({_line(error)})"
        ) from error
    try:
        client.wait_for_workers(1, timeout=_PATIENCE_SECONDS)
        watch = _Watch(client, address)
        yield Crew(client.get_executor(), max(sum(client.nthreads().values()), 1), watch.check)
    except TimeoutError as error:
        raise RenderError(f"cluster must have a worker, got none at {address}") from error
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=1.0)


class _Watch:
    """Notices that a scheduler has gone or that its workers stay away."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self._last_seen = time.monotonic()

    def check(self) -> None:
        """Raise `RenderError` when it is of no use to wait longer."""
        if self._client.status != "running":
            raise RenderError(f"cluster must stay up, but the scheduler at {self._address} is gone; {KEPT}")
        if self._client.scheduler_info().get("workers"):
            self._last_seen = time.monotonic()
        elif time.monotonic() - self._last_seen > _PATIENCE_SECONDS:
            raise RenderError(
                f"cluster must keep a worker, but {self._address} has had none for {_PATIENCE_SECONDS:g} s; "
                f"{KEPT}"
            )


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
