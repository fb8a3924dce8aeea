"""The tempo of a session: who leads it, what is asked of it, and where it stands."""

import math
import time
from collections.abc import Callable
from typing import Any, Final

from tsumami.bridge.mapping.command import Command
from tsumami.bridge.session.tables import FASTEST_BPM, SLOWEST_BPM
from tsumami.bridge.tempo.beat import Beat
from tsumami.bridge.tempo.outer_clock import OuterClock
from tsumami.bridge.tempo.taps import Taps

COMMANDS: Final = frozenset({Command.TAP, Command.START, Command.STOP})
"""What is asked of the tempo."""
_REFUSED_SECONDS: Final = 3.0
_LEAD_NS: Final = 10_000_000
"""From the start to its first beat: MIDI's start goes before the pulse that it counts from."""


class Tempo:
    """One beat for all of a session; ``clock`` leads it, where there is one, and ``tell`` hears refusals.

    `follow` and `close` are called by one thread, the rest by any.
    """

    def __init__(self, bpm: float, clock: OuterClock | None, tell: Callable[[str], None]) -> None:
        self.beat = Beat(bpm)
        """Where the music is."""
        self.is_running = False
        """Whether it has been started, and not stopped."""
        self.starts = 0
        """How often it has been started."""
        self._clock, self._tell = clock, tell
        self._taps = Taps()
        self._refused_at = -math.inf

    @property
    def state(self) -> str:
        """Tempo and leader in few words."""
        leader = "" if self._clock is None else f" by {self._clock.source}"
        return f"{self.beat.bpm:.1f} bpm{leader}"

    def document(self) -> dict[str, Any]:
        """Tempo and leader for a summary."""
        source = "own" if self._clock is None else self._clock.source
        return {"bpm": round(self.beat.bpm, 2), "source": source}

    def set_bpm(self, bpm: float) -> None:
        """Go on in another tempo, 20-300 beats a minute; beyond, the nearest of these."""
        if self._is_free("it is"):
            self.beat.change(min(max(bpm, SLOWEST_BPM), FASTEST_BPM), time.perf_counter_ns())

    def do(self, command: Command, stamp_ns: int = 0) -> None:
        """Do what a button asks for at a time of `time.perf_counter_ns`, or now."""
        if not self._is_free(f"{command.name.lower()} is"):
            return
        now = stamp_ns or time.perf_counter_ns()
        match command:
            case Command.TAP:
                self._tap(now)
            case Command.START:
                self.beat.place(0.0, time.perf_counter_ns() + _LEAD_NS)
                self.is_running = True
                self.starts += 1
            case Command.STOP:
                self.is_running = False
            case _:
                raise ValueError(f"command must be of the tempo, got {command.name.lower()}")

    def follow(self) -> None:
        """Hear the clock that leads."""
        if self._clock is None:
            return
        beats = list(self._clock.beats())
        bpm = self._clock.bpm
        if bpm is not None and SLOWEST_BPM <= bpm <= FASTEST_BPM and bpm != self.beat.bpm:
            self.beat.change(bpm, time.perf_counter_ns())
        if beats:
            self.beat.place(*beats[-1])
        if self._clock.is_running and not self.is_running:
            self.starts += 1
        self.is_running = self._clock.is_running

    def close(self) -> None:
        """Listen to the clock no more."""
        if self._clock is not None:
            self._clock.close()

    def _tap(self, ns: float) -> None:
        """The tap is a beat: the nearest one moves there."""
        bpm = self._taps.tap(ns)
        if bpm is not None and SLOWEST_BPM <= bpm <= FASTEST_BPM:
            self.beat.change(bpm, ns)
            self.beat.place(round(self.beat.at(ns)), ns)

    def _is_free(self, words: str) -> bool:
        """Whether nobody else leads; says so otherwise, not oftener than a reader can follow."""
        if self._clock is not None and time.monotonic() - self._refused_at > _REFUSED_SECONDS:
            self._refused_at = time.monotonic()
            self._tell(f"tempo: {words} left to the {self._clock.source} that leads")
        return self._clock is None
