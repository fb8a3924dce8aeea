"""The states that a plugin has saved, and which of them to trust after a crash."""

from collections.abc import Callable

_PROVEN_SECONDS = 1.0


class Checkpoints:
    """The last two saved states of a plugin.

    The newest may be what brought the plugin down: it counts only when the plugin has played on with it
    for a second. ``clock`` gives seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._proven: bytes | None = None
        self._newest: bytes | None = None
        self._kept_at = 0.0

    def start(self, state: bytes) -> None:
        """Trust ``state`` at once: the plugin has just been loaded with it."""
        self._proven = self._newest = state
        self._kept_at = self._clock()

    def keep(self, state: bytes) -> None:
        """Take in a new checkpoint."""
        self._proven = self.trusted
        self._newest = state
        self._kept_at = self._clock()

    @property
    def trusted(self) -> bytes | None:
        """The state to go on with after a crash now; None when the plugin never came up."""
        has_stood = self._clock() - self._kept_at >= _PROVEN_SECONDS
        return self._newest if has_stood else self._proven
