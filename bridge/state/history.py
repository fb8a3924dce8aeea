"""Undo and redo: a step is whatever moved without a rest."""

from collections import deque
from typing import Final

from tsumami.bridge.state.snapshot import Snapshot

STEPS: Final = 200
GESTURE_NS: Final = 500_000_000
"""Longest rest within one gesture."""


class History:
    """Snapshots of before each step, the newest last."""

    def __init__(self) -> None:
        self._undone: list[Snapshot] = []
        self._done: deque[Snapshot] = deque(maxlen=STEPS)
        self._moved_ns = -GESTURE_NS

    def begins(self, now_ns: int) -> bool:
        """Note that something moves; whether it is the first of a gesture."""
        is_first = now_ns - self._moved_ns >= GESTURE_NS
        self._moved_ns = now_ns
        return is_first

    def add(self, before: Snapshot) -> None:
        """A step from ``before``; what was undone cannot be redone any more."""
        self._done.append(before)
        self._undone.clear()

    def undo(self, now: Snapshot) -> Snapshot | None:
        """Where the last step came from; None without one."""
        if not self._done:
            return None
        self._undone.append(now)
        return self._done.pop()

    def redo(self, now: Snapshot) -> Snapshot | None:
        """Where the step that was undone last went to; None without one."""
        if not self._undone:
            return None
        self._done.append(now)
        return self._undone.pop()
