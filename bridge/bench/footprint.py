"""A whole `tsumami live`, as a user starts it: time to first sound, memory and its growth."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from rich.console import Console
from rich.progress import track

from tsumami.bridge.bench.report import Row
from tsumami.engine.errors import EngineError

_DEADLINE_SECONDS = 120.0
_STARTS = 5
_SETTLE_SECONDS = 20.0
_SAMPLE_SECONDS = 1.0
_MEGABYTE = 1e6


class _Session:
    """A demonstration on the null device, with its log to see when it sounds."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "log.jsonl"
        self._log.unlink(missing_ok=True)
        command = ["live", "--device", "null", "--demo", "--log", str(self._log)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tsumami.bridge.cli", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._began = time.perf_counter()

    def wait_for_sound(self) -> float:
        """Seconds from the start of the process until its log has the first note."""
        while time.perf_counter() - self._began < _DEADLINE_SECONDS and self._process.poll() is None:
            if self._log.exists() and "note_on" in self._log.read_text():
                return time.perf_counter() - self._began
            time.sleep(0.005)
        raise EngineError("the session must sound for this benchmark, got silence; run `tsumami doctor`")

    def resident_bytes(self) -> tuple[float, float]:
        """Memory of all its processes: shared pages counted once (PSS) where known; the sum of RSS."""
        main = psutil.Process(self._process.pid)
        infos = [process.memory_full_info() for process in (main, *main.children(recursive=True))]
        return sum(getattr(info, "pss", info.rss) for info in infos), sum(info.rss for info in infos)

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(_DEADLINE_SECONDS)


def measure_footprint(minutes: float) -> list[Row]:
    """Rows of five starts with a warm kernel cache, then of one session of ``minutes``."""
    with tempfile.TemporaryDirectory() as name:
        starts = [_start(Path(name)) for _ in range(_STARTS + 1)][1:]  # the first may compile
        session = _Session(Path(name))
        try:
            session.wait_for_sound()
            time.sleep(_SETTLE_SECONDS)
            steps = range(max(round(minutes * 60 / _SAMPLE_SECONDS), 3))
            shared, plain = np.array(
                [_sample(session) for _ in track(steps, "memory", console=Console(stderr=True))]
            ).T
        finally:
            session.end()
    slope = np.polyfit(np.arange(len(shared)) * _SAMPLE_SECONDS / 60, shared, 1)[0]
    return [
        Row("process start to first sound, median", float(np.median(starts)), "s"),
        Row("process start to first sound, slowest", max(starts), "s"),
        Row("resident memory of the session, shared pages counted once", float(shared.max()), "MB"),
        Row("resident memory of the session, sum over processes", float(plain.max()), "MB"),
        Row(f"growth over {minutes:g} minutes", float(slope), "MB/minute"),
    ]


def _start(folder: Path) -> float:
    session = _Session(folder)
    try:
        return session.wait_for_sound()
    finally:
        session.end()


def _sample(session: _Session) -> tuple[float, float]:
    time.sleep(_SAMPLE_SECONDS)
    shared, plain = session.resident_bytes()
    return shared / _MEGABYTE, plain / _MEGABYTE
