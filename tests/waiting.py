"""Waiting for what an engine does in its own time."""

import time
from collections.abc import Callable

_DEADLINE_SECONDS = 30.0


def until(condition: Callable[[], bool], said: list[str]) -> None:
    """Return when the condition holds; fail with what was ``said`` when it does not in half a minute."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, said
        time.sleep(0.01)
