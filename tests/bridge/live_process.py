"""A `tsumami live`, or another command that hears and plays, that runs beside the test."""

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil

from tests.command import tsumami_command, tsumami_environment

_DEADLINE_SECONDS = 120.0


class LiveProcess:
    """The process, what it has said on standard error, and its JSON document at the end."""

    def __init__(self, *args: str, **variables: str) -> None:
        self.process = subprocess.Popen(
            tsumami_command(*args),
            env=tsumami_environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._said: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def wait_for(self, words: str, times: int = 1) -> None:
        """Return when standard error has said ``words`` so many times."""
        self.until(lambda: self.said.count(words) >= times, f"{words!r} was not said")

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition, with a deadline, while the process lives."""
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while not condition():
            assert self.process.poll() is None, f"{what}; it ended, having said:\n{self.said}"
            assert time.monotonic() < deadline, f"{what} in time; it said:\n{self.said}"
            time.sleep(0.01)

    @property
    def said(self) -> str:
        """Standard error so far."""
        return "".join(self._said)

    @property
    def engine_pid(self) -> int:
        """Process id of the engine process."""
        children = psutil.Process(self.process.pid).children()
        return next(child.pid for child in children if any("spawn_main" in word for word in child.cmdline()))

    def end(self, number: int) -> dict[str, Any]:
        """Send a signal and return the JSON document that the session ends with."""
        self.process.send_signal(number)
        return self.summary()

    def summary(self) -> dict[str, Any]:
        """Wait for the end and return the JSON document."""
        document: dict[str, Any] = json.loads(self.printed())
        return document

    def printed(self) -> str:
        """Wait for the end and return what standard output holds."""
        assert self.process.stdout is not None
        self.process.wait(_DEADLINE_SECONDS)  # it fits into a pipe
        assert self.process.returncode == 0, self.said
        return self.process.stdout.read()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        self._said.extend(self.process.stderr)


@contextlib.contextmanager
def running_live(*args: str) -> Iterator[LiveProcess]:
    """A live session that has begun to play; killed at the end if the test has not ended it."""
    with running("live", *args, "--json", begun="playing to ") as live:
        yield live


@contextlib.contextmanager
def running(*args: str, begun: str, **variables: str) -> Iterator[LiveProcess]:
    """``tsumami args`` once it has said ``begun``; killed at the end if the test has not ended it."""
    live = LiveProcess(*args, **variables)
    try:
        live.wait_for(begun)
        yield live
    finally:
        live.process.kill()
        live.process.wait()
        live._listener.join()
        for pipe in (live.process.stdout, live.process.stderr):
            assert pipe is not None
            pipe.close()
