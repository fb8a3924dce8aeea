"""A private JACK server without hardware, and the compiled client that the engine is measured beside."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tsumami.engine.errors import DeviceError

SAMPLE_RATE = 48000
_DEADLINE_SECONDS = 20.0
_SOURCE = Path(__file__).with_name("passthrough.c")


@contextlib.contextmanager
def jack_server(block_size: int) -> Iterator[bool]:
    """A dummy server at 48 kHz; clients of this process and its children find it.

    Yields whether it runs with real-time priority, which it does where the system grants it.
    """
    for program in ("jackd", "jack_lsp"):
        if shutil.which(program) is None:
            raise DeviceError(f"{program} must be installed (on Debian: apt-get install jackd2), got none")
    name = f"tsumami-bench-{os.getpid()}"
    os.environ |= {"JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1"}
    for priority in (["-R", "-P", "60"], ["-r"]):
        command = ["jackd", "-n", name, *priority, "-d", "dummy"]
        server = subprocess.Popen(
            [*command, "-r", str(SAMPLE_RATE), "-p", str(block_size)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if _is_up(server):
            try:
                yield "-R" in priority
            finally:
                server.terminate()
                server.wait()
            return
    raise DeviceError("a JACK server must start for this benchmark, got none; see `jackd -d dummy`")


def _is_up(server: "subprocess.Popen[bytes]") -> bool:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        if subprocess.run(["jack_lsp"], capture_output=True, check=False).returncode == 0:
            return True
    return False


class Passthrough:
    """The C client: built with the system's compiler, counting from `restart` to `stop`."""

    def __init__(self, folder: Path) -> None:
        program = folder / "passthrough"
        compiler = shutil.which("cc")
        if compiler is None:
            raise DeviceError("a C compiler must be installed (on Debian: apt-get install gcc), got none")
        built = subprocess.run(
            [compiler, "-O2", "-o", str(program), str(_SOURCE), "-ljack"],
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode:
            raise DeviceError(
                "JACK's headers must be installed (on Debian: apt-get install libjack-jackd2-dev), got: "
                + built.stderr.strip().splitlines()[0]
            )
        self._process = subprocess.Popen(
            [str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def restart(self) -> None:
        """Count from now."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def stop(self) -> dict[str, Any]:
        """End the client; its counts."""
        output, _ = self._process.communicate(timeout=_DEADLINE_SECONDS)
        counts: dict[str, Any] = json.loads(output)
        return counts

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator["Passthrough"]:
        """A client for the time of the block."""
        with tempfile.TemporaryDirectory() as folder:
            client = cls(Path(folder))
            try:
                yield client
            finally:
                client._process.kill()
                client._process.wait()
