"""`Worker`: a render host seen from the process that gives it work; a host that dies is replaced."""

import contextlib
import math
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

from tsumami.engine.errors import PluginError
from tsumami.plugins.offline.messages import Failed, Instrument, Method, Ready, Rendered, Sound, Start
from tsumami.plugins.offline.settings import RenderSettings

LOAD_SECONDS: Final = 120.0
_GRACE_SECONDS = 5.0
"""How much longer than its own alarm a host is given."""
_EXIT_SECONDS = 2.0
_WATCH_SECONDS = 0.5

_ENVIRONMENT: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
"""One thread: a process with more cannot be forked safely."""

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
        self._deadline = math.inf
        self.ready = self._launch()

    @property
    def process_id(self) -> int | None:
        """Of the host, while there is one."""
        return self._process.pid if self._process is not None else None

    def render(self, sounds: Sequence[Sound]) -> list[Rendered | Failed]:
        """A render of each sound. The host works ahead while its answers are taken.

        A sound that the host dies of is tried once more at the end, as it may have been killed from outside.
        """
        results: list[Rendered | Failed] = []
        while len(results) < len(sounds):
            results += self._answers(sounds[len(results) :])
        for row, result in enumerate(results):
            if isinstance(result, Failed) and result.why == "crashed":
                results[row] = self._answers(sounds[row : row + 1])[0]
        return results

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
        threading.Thread(target=self._watch, args=(self._process,), daemon=True).start()
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

    def _answers(self, sounds: Sequence[Sound]) -> list[Rendered | Failed]:
        """Answers up to the last, or up to the one that the host dies of."""
        if self._process is None:
            self._launch()
        limit_seconds = self._start.settings.time_limit_seconds + _GRACE_SECONDS
        answers: list[Rendered | Failed] = [self._ask(list(sounds), limit_seconds)]
        while len(answers) < len(sounds) and self._process is not None:
            answers.append(self._answer(limit_seconds))
        return answers

    def _ask(self, message: Any, limit_seconds: float) -> Any:
        """The first answer to a message; when the host dies or is late, why, and the host is gone."""
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # of a dead host, which the answer tells
            pickle.dump(message, self._process.stdin, protocol=5)
            self._process.stdin.flush()
        return self._answer(limit_seconds)

    def _answer(self, limit_seconds: float) -> Any:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        self._deadline = time.monotonic() + limit_seconds
        try:
            return pickle.load(process.stdout)
        except _BROKEN:
            was_late = time.monotonic() > self._deadline
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_EXIT_SECONDS)
            self.close()
            return _cause_of_death(process.returncode, was_late=was_late)
        finally:
            self._deadline = math.inf

    def _watch(self, process: "subprocess.Popen[bytes]") -> None:
        """Kill a host that is late. Its own alarm is sooner, where the system has one."""
        while process.poll() is None:
            if time.monotonic() > self._deadline:
                process.kill()
            time.sleep(_WATCH_SECONDS)


def _cause_of_death(exit_code: int, *, was_late: bool) -> Failed:
    if was_late or (os.name == "posix" and exit_code == -signal.SIGALRM):
        return Failed("hung")
    if exit_code < 0:
        return Failed("crashed", signal.strsignal(-exit_code) or f"signal {-exit_code}")
    return Failed("crashed", f"exit status {exit_code}")
