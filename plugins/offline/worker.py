"""`Worker`: a render host seen from the process that gives it work; a host that dies is replaced."""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from typing import Any, Final

from tsumami.engine.errors import PluginError
from tsumami.plugins.offline.messages import Failed, Instrument, Method, Ready, Rendered, Sound, Start
from tsumami.plugins.offline.settings import RenderSettings

LOAD_SECONDS: Final = 120.0
_GRACE_SECONDS = 5.0
"""How much longer than its own alarm a host is given."""
_EXIT_SECONDS = 2.0

_ENVIRONMENT: Final = {
    # One thread: a process with more cannot be forked safely.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # Audio buffers come and go with every render: glibc is told to keep their memory.
    "MALLOC_TRIM_THRESHOLD_": "268435456",
    "MALLOC_MMAP_THRESHOLD_": "268435456",
    "MALLOC_TOP_PAD_": "4194304",
}
_BROKEN: Final = (EOFError, OSError, pickle.UnpicklingError, ValueError, IndexError, AttributeError)
"""What reading from a host that dies can raise."""


class Worker:
    """Owns one host process with one instrument. Not thread-safe: one caller at a time.

    Raises `PluginError` when the instrument cannot be loaded.
    """

    def __init__(
        self, instrument: Instrument, settings: RenderSettings, method: Method | None = None
    ) -> None:
        self._start = Start(instrument, settings, method)
        self._process: subprocess.Popen[bytes] | None = None
        self.ready = self._launch()

    @property
    def process_id(self) -> int | None:
        """Of the host, while there is one."""
        return self._process.pid if self._process is not None else None

    def render(self, sound: Sound) -> Rendered | Failed:
        """One render. A host that dies of it is tried once more, as it may have been killed from outside."""
        result = self._try(sound)
        if isinstance(result, Failed) and result.why == "crashed":
            result = self._try(sound)
        return result

    def close(self) -> None:
        """End the host."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                assert pipe is not None
                pipe.close()
        process.kill()
        process.wait()

    def _launch(self) -> Ready:
        command = [sys.executable, "-m", "tsumami.plugins.offline.host"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **_ENVIRONMENT}
        )
        name = self._start.instrument.path or "the built-in synthesizer"
        answer = self._ask(self._start, LOAD_SECONDS)
        if isinstance(answer, Ready):
            return answer
        self.close()
        if answer.why == "refused":
            raise PluginError(answer.detail)
        raise PluginError(
            f"plugin must load within {LOAD_SECONDS:g} s and not crash, got {name}, which {answer.why} "
            f"({answer.detail or 'no answer'})"
        )

    def _try(self, sound: Sound) -> Rendered | Failed:
        if self._process is None:
            self._launch()
        answer: Rendered | Failed = self._ask(sound, self._start.settings.time_limit_seconds + _GRACE_SECONDS)
        return answer

    def _ask(self, message: Any, limit_seconds: float) -> Any:
        """The host's answer; when it dies or is late, why, and the host is gone."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Timer(limit_seconds, process.kill)
        late.daemon = True
        late.start()
        try:
            pickle.dump(message, process.stdin, protocol=5)
            process.stdin.flush()
            return pickle.load(process.stdout)
        except _BROKEN:
            was_late = late.finished.is_set()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_EXIT_SECONDS)
            self.close()
            return _cause_of_death(process.returncode, was_late=was_late)
        finally:
            late.cancel()


def _cause_of_death(exit_code: int, *, was_late: bool) -> Failed:
    if was_late or (os.name == "posix" and exit_code == -signal.SIGALRM):
        return Failed("hung")
    if exit_code < 0:
        return Failed("crashed", signal.strsignal(-exit_code) or f"signal {-exit_code}")
    return Failed("crashed", f"exit status {exit_code}")
