"""How much memory render hosts take while they work."""

import contextlib
import threading
import time
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import psutil

from tsumami.bridge.bench.report import Row

_HOST = "tsumami.plugins.offline.host"
_SAMPLE_SECONDS = 0.5
_SETTLE_SECONDS = 2.0
_MEGABYTE = 1e6


class HostMemory:
    """Samples of the largest host's memory and of this process's own, while `watched`."""

    def __init__(self) -> None:
        self._samples: list[tuple[float, float, float]] = []

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Sample until the body ends."""
        stop = threading.Event()
        thread = threading.Thread(target=self._watch, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def rows(self) -> list[Row]:
        """Highest figures and growth."""
        if not self._samples:
            return []
        seconds, hosts, own = np.array(self._samples).T
        return [
            Row("memory of a worker, highest (its fork's own pages counted)", float(hosts.max()), "MB"),
            Row("memory of a worker, growth", _slope(seconds, hosts), "MB/minute"),
            Row("memory of the process that writes, highest", float(own.max()), "MB"),
            Row("memory of the process that writes, growth", _slope(seconds, own), "MB/minute"),
        ]

    def _watch(self, stop: threading.Event) -> None:
        began = time.monotonic()
        me = psutil.Process()
        while not stop.wait(_SAMPLE_SECONDS):
            if time.monotonic() - began < _SETTLE_SECONDS:
                continue
            hosts = [_host_bytes(child) for child in me.children() if _is_host(child)]
            if any(hosts):
                self._samples.append(
                    (time.monotonic(), max(hosts) / _MEGABYTE, me.memory_info().rss / _MEGABYTE)
                )


def _is_host(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return _HOST in process.cmdline()
    return False


def _host_bytes(host: psutil.Process) -> float:
    """Resident memory of a host, and what its fork does not share with it."""
    total = 0.0
    with contextlib.suppress(psutil.Error):
        total = host.memory_info().rss
        for child in host.children():
            with contextlib.suppress(psutil.Error):
                total += getattr(child.memory_full_info(), "uss", 0)
    return total


def _slope(seconds: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> float:
    return float(np.polyfit(seconds / 60, values, 1)[0]) if len(values) > 2 else 0.0
