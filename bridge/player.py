"""Plays a timed performance into a running engine: the demonstration."""

import threading
from collections.abc import Callable

import numpy as np

from tsumami.bridge.performance import Performance
from tsumami.engine.events import NOW, THROUGH_MACROS, Events, Kind, event

_AHEAD_SECONDS = 0.06
_STEP_SECONDS = 0.02
_AT_ONCE = (*THROUGH_MACROS, Kind.PATCH)


class Player:
    """Hands the events of a performance to ``sink`` as the engine's clock reaches them, in a loop.

    Notes and pedals go out a little ahead with the exact sample at which they are due; knob moves and
    patches, which pass through the inference thread, when they are due. ``clock`` tells the engine's
    sample.
    """

    def __init__(
        self, performance: Performance, sink: Callable[[Events], None], clock: Callable[[], int]
    ) -> None:
        self._performance = performance
        self._sink, self._clock = sink, clock
        self._ahead = int(_AHEAD_SECONDS * performance.sample_rate)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demonstration", daemon=True)

    def start(self) -> None:
        """Begin at the engine's present sample."""
        self._thread.start()

    def stop(self) -> None:
        """End, and let go of the notes that are held."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._sink(event(Kind.ALL_NOTES_OFF))

    def _run(self) -> None:
        origin = self._clock() + self._ahead
        played_to = moved_to = 0  # samples since the origin
        while not self._stopping.wait(_STEP_SECONDS):
            now = max(self._clock() - origin, 0)
            self._send(self._performance.between(played_to, now + self._ahead), origin)
            self._send(self._performance.between(moved_to, now), None)
            played_to, moved_to = now + self._ahead, now

    def _send(self, due: Events, origin: int | None) -> None:
        """Send the scheduled kinds from ``origin``, or the others at once when it is None."""
        at_once = np.isin(due["kind"], _AT_ONCE)
        chosen = due[at_once] if origin is None else due[~at_once]
        if len(chosen):
            chosen["time"] = NOW if origin is None else chosen["time"] + origin
            self._sink(chosen)
