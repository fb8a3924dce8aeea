"""A JACK server for the tests: real, private, and without hardware."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
import pytest

_DEADLINE_SECONDS = 20.0
_SHARED_MEMORY = Path("/dev/shm")
_SERVERS = frozenset({"jackd", "jackdbus"})


@dataclass(frozen=True, slots=True)
class JackServer:
    """A running server."""

    name: str
    sample_rate: int
    block_size: int
    process: "subprocess.Popen[bytes]"

    def ports(self) -> list[str]:
        """Full names of all ports, ``client:port``."""
        return subprocess.run(
            ["jack_lsp", "-s", self.name], capture_output=True, text=True, check=True, timeout=10
        ).stdout.split("\n")[:-1]


@contextlib.contextmanager
def running_jack_server(
    sample_rate: int = 48000, block_size: int = 128, purpose: str = "test", inputs: int = 2
) -> Iterator[JackServer]:
    """A server for the time of the block; JACK clients of this process and its children find it.

    Servers of one ``purpose`` have one name, so that a second can take the place of a first that died.

    Without jackd it skips the test that asked, or fails it where ``CI`` is set.
    """
    if shutil.which("jackd") is None:
        if os.environ.get("CI"):
            pytest.fail("jackd must be installed in CI, got none; `make test` installs it")
        pytest.skip("jackd is not installed (on Debian: apt-get install jackd2)")
    _forget_dead_servers()
    name = f"tsumami-{purpose}-{os.getpid()}"
    with tempfile.TemporaryFile() as log:
        command = ["jackd", "-n", name, "--no-realtime", "-d", "dummy"]
        process = subprocess.Popen(
            [*command, "-r", str(sample_rate), "-p", str(block_size), "-C", str(inputs)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_up(name, process, log)
            with _environment(JACK_DEFAULT_SERVER=name, JACK_NO_START_SERVER="1"):
                yield JackServer(name, sample_rate, block_size, process)
        finally:
            _end(process)
            _remove_leftovers(name)


def _forget_dead_servers() -> None:
    """JACK's registry has room for eight servers and keeps those that were killed: begin it anew.

    Only where no server runs, be it of a test or the user's.
    """
    if not any(process.info["name"] in _SERVERS for process in psutil.process_iter(["name"])):
        (_SHARED_MEMORY / "jack-shm-registry").unlink(missing_ok=True)


def _wait_until_up(name: str, process: "subprocess.Popen[bytes]", log: IO[bytes]) -> None:
    """Return when a client can connect."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        answer = subprocess.run(
            ["jack_wait", "--check", "--server", name],
            check=False,
            capture_output=True,
            text=True,
            timeout=10,
        )
        if "not running" not in answer.stdout:
            return
    log.seek(0)
    words = log.read().decode(errors="replace")
    raise RuntimeError(f"jackd did not start (exit status {process.poll()}): {words}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_DEADLINE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _remove_leftovers(name: str) -> None:
    """The shared memory that clients of the server leave when they are killed."""
    for pattern in (f"jack_sem.*_{name}_*", f"jack_{name}_*"):
        for path in _SHARED_MEMORY.glob(pattern):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    before = {key: os.environ.get(key) for key in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
