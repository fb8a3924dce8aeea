"""One process that hosts a plugin, or is kept ready to host one, seen from the process that started it."""

import contextlib
import multiprocessing.connection
from typing import Any

_STOP_SECONDS = 1.0


class HostProcess:
    """One process that hosts, or is ready to host."""

    def __init__(self, context: Any, bell: Any) -> None:
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(bell, theirs), name="tsumami-plugin", daemon=True)
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self._process.pid)

    def is_alive(self) -> bool:
        """Whether it runs."""
        return bool(self._process.is_alive())

    def send(self, message: Any) -> None:
        """Tell it something; a dead one does not hear it."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, OSError):
            self._connection.send(message)

    def hear(self, seconds: float) -> Any:
        """Its next message; None when there is none in that time, or when it dies."""
        try:
            return self._connection.recv() if self._connection.poll(seconds) else None
        except (EOFError, ConnectionResetError, OSError):
            self._process.join(_STOP_SECONDS)
            return None

    def hear_now(self) -> Any:
        """Its next message, None when there is none yet."""
        return self.hear(0.0)

    def wait(self, seconds: float) -> None:
        """Wait until it says something or dies, or the time is over."""
        multiprocessing.connection.wait([self._connection, self._process.sentinel], seconds)

    def death(self) -> str:
        """How it ended."""
        self._process.join(_STOP_SECONDS)
        status = self._process.exitcode
        return f"crashed (signal {-status})" if status and status < 0 else f"ended (exit status {status})"

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.join()
        self._connection.close()

    def end(self) -> None:
        """Ask it to end, and do not wait long."""
        self.send(None)
        self._process.join(_STOP_SECONDS)
        self.kill()


def _run(bell: Any, connection: Any) -> None:
    """Entry point of the child: only there is pedalboard loaded."""
    from tsumami.plugins.hosted.process import run_plugin

    run_plugin(bell, connection)
