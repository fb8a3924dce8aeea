"""MIDI clock for others: 24 pulses a beat, and where the song begins and ends (MIDI 1.0, page 30)."""

import math
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from tsumami.bridge.midi.clock_follower import PULSES_PER_BEAT
from tsumami.bridge.midi.parser import Status

if TYPE_CHECKING:
    from tsumami.bridge.tempo.tempo import Tempo

_LONGEST_SECONDS: Final = 0.005
"""Between two looks: a tempo that has changed meanwhile is kept from there on."""
_LATEST_PULSES: Final = PULSES_PER_BEAT
"""Further behind, pulses are left out: nobody wants a second of them at once."""


class ClockSender:
    """Sends a tempo's pulses in a thread of its own, until `close`; ``send`` takes MIDI messages."""

    def __init__(self, tempo: "Tempo", send: Callable[[Iterable[bytes]], None]) -> None:
        self._tempo, self._send = tempo, send
        self._pulse, self._starts, self._runs = 0, 0, False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tsumami-clock-out", daemon=True)

    def open(self) -> None:
        """Begin to send."""
        self._pulse = math.ceil(self._now())
        self._thread.start()

    def close(self) -> None:
        """Say that the song has stopped, and send no more."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        if self._runs:
            self._send([bytes((Status.STOP,))])

    def _now(self) -> float:
        """The beat at this moment, in pulses."""
        return self._tempo.beat.at(time.perf_counter_ns()) * PULSES_PER_BEAT

    def _run(self) -> None:
        """Body of the thread."""
        while not self._stop.is_set():
            self._follow()
            if abs(self._now() - self._pulse) > _LATEST_PULSES:
                self._pulse = math.ceil(self._now())
            due = self._tempo.beat.ns_of(self._pulse / PULSES_PER_BEAT) - time.perf_counter_ns()
            if due > 0.0:
                self._stop.wait(min(due / 1e9, _LONGEST_SECONDS))
                continue
            self._send([bytes((Status.CLOCK,))])
            self._pulse += 1

    def _follow(self) -> None:
        """Tell that the song has begun, or ended."""
        if self._starts != self._tempo.starts:
            self._starts = self._tempo.starts
            self._pulse, self._runs = 0, True
            self._send([bytes((Status.START,))])
        elif self._runs and not self._tempo.is_running:
            self._runs = False
            self._send([bytes((Status.STOP,))])
