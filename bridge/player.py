"""Plays a timed performance into a running engine: the demonstration."""

import threading
from collections.abc import Callable

import numpy as np

from tsumami.engine.events import NOW, Events, Kind, event

_AHEAD_SECONDS = 0.06
_STEP_SECONDS = 0.02


class Player:
    """Hands the events of a performance to ``sink`` as the engine's clock reaches them.

    Notes and pedals go out a little ahead with the exact sample at which they are due; knob moves and
    patches, which pass through the inference thread, when they are due. ``events`` are sorted by
    time in samples; after ``length_samples`` it begins again.
    """

    def __init__(
        self,
        events: Events,
        length_samples: int,
        sink: Callable[[Events], None],
        clock: Callable[[], int],
        *,
        sample_rate: int,
    ) -> None:
        self._events, self._length = events, length_samples
        self._sink, self._clock = sink, clock
        self._ahead = int(_AHEAD_SECONDS * sample_rate)
        kinds = events["kind"]
        self._scheduled = events[(kinds != Kind.MACRO) & (kinds != Kind.PATCH)]
        self._immediate = events[(kinds == Kind.MACRO) | (kinds == Kind.PATCH)]
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
        played_to = 0  # samples since the origin, of the scheduled events
        moved_to = 0
        while not self._stopping.wait(_STEP_SECONDS):
            now = self._clock() - origin
            self._play(self._scheduled, played_to, now + self._ahead, origin)
            self._play(self._immediate, moved_to, now, None)
            played_to, moved_to = now + self._ahead, now

    def _play(self, events: Events, begin: int, end: int, origin: int | None) -> None:
        """Send what lies in [begin, end) of the endless repetition."""
        begin = max(begin, 0)
        while begin < end:
            lap, offset = divmod(begin, self._length)
            stop = min(end - lap * self._length, self._length)
            first, last = np.searchsorted(events["time"], (offset, stop))
            due = events[first:last].copy()
            due["time"] = NOW if origin is None else due["time"] + origin + lap * self._length
            if len(due):
                self._sink(due)
            begin = lap * self._length + stop
