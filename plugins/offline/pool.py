"""Warm render hosts of one process, so that the next batch finds its plugin loaded.

An executor's worker, be it a thread here or a worker of a cluster, borrows a host for a batch. Hosts that
nobody has borrowed for a minute are ended.
"""

import atexit
import contextlib
import threading
from collections.abc import Iterator
from typing import Final

from tsumami.plugins.offline.messages import Instrument
from tsumami.plugins.offline.settings import RenderSettings
from tsumami.plugins.offline.worker import Worker

_IDLE_SECONDS: Final = 60.0

_Key = tuple[Instrument, RenderSettings]


class WorkerPool:
    """Workers by instrument and settings; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[_Key, list[Worker]] = {}
        self._closing: threading.Timer | None = None

    @contextlib.contextmanager
    def borrowed(self, instrument: Instrument, settings: RenderSettings) -> Iterator[Worker]:
        """A worker for the time of a ``with`` block: a warm one if there is one."""
        key = (instrument, settings)
        with self._lock:
            idle = self._idle.get(key)
            worker = idle.pop() if idle else None
        worker = worker or Worker(instrument, settings)
        try:
            yield worker
        except BaseException:
            worker.close()
            raise
        with self._lock:
            self._idle.setdefault(key, []).append(worker)
            self._close_later()

    def process_ids(self) -> list[int]:
        """Of the hosts that wait."""
        with self._lock:
            found = (worker.process_id for workers in self._idle.values() for worker in workers)
            return [process_id for process_id in found if process_id is not None]

    def close(self) -> None:
        """End the hosts that wait."""
        with self._lock:
            idle, self._idle = self._idle, {}
            if self._closing is not None:
                self._closing.cancel()
        for workers in idle.values():
            for worker in workers:
                worker.close()

    def _close_later(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
        self._closing = threading.Timer(_IDLE_SECONDS, self.close)
        self._closing.daemon = True
        self._closing.start()


POOL: Final = WorkerPool()
"""The hosts of this process."""

atexit.register(POOL.close)
