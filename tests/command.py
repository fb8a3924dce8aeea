"""The command line as a user runs it: in a process of its own."""

import json
import os
import subprocess
import sys
from typing import Any

MARK = "TSUMAMI_TEST"
"""Environment variable by which a child, and its children, are known as ours."""


def tsumami_environment(**variables: str) -> dict[str, str]:
    """This process's environment with the mark, a plain terminal, no page by itself, and ``variables``."""
    plain = {"NO_COLOR": "1", "COLUMNS": "200", "TSUMAMI_PAGE": "0", MARK: str(os.getpid())}
    return {**os.environ, **plain, **variables}


def tsumami_command(*args: str) -> list[str]:
    """The words to give to `subprocess`."""
    return [sys.executable, "-m", "tsumami.bridge.cli", *args]


def run_tsumami(*args: str, timeout: float = 300.0, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run ``tsumami args`` to its end, with ``variables`` added to the environment.

    The time limit covers compiling every kernel on a slow machine.
    """
    return subprocess.run(
        tsumami_command(*args),
        check=False,
        env=tsumami_environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def run_tsumami_json(*args: str, timeout: float = 300.0, **variables: str) -> dict[str, Any]:
    """Run ``tsumami args --json``, which must succeed, and read its standard output: one JSON document."""
    done = run_tsumami(*args, "--json", timeout=timeout, **variables)
    assert done.returncode == 0, f"exit status {done.returncode}: {done.stderr}"
    document: dict[str, Any] = json.loads(done.stdout)
    return document
