"""Ableton Link as a clock."""

import time
from collections.abc import Iterable
from importlib import import_module
from typing import Any, Final, Literal

from tsumami.bridge.tempo.beat import BEATS_IN_BAR
from tsumami.engine.errors import ParameterError

_FIRST_BPM: Final = 120.0
_NS_PER_MICRO: Final = 1000.0


class LinkClock:
    """A peer of the Link session in the local network that only listens: it never sets a tempo."""

    source: Literal["link"] = "link"

    def __init__(self) -> None:
        self._link: Any = None
        self._has_met = False
        self._told: int | None = None
        self.bpm: float | None = None
        """See `OuterClock`."""

    @property
    def is_running(self) -> bool:
        """See `OuterClock`: a session's beat never rests."""
        return self._has_met

    @property
    def state(self) -> str:
        """See `OuterClock`."""
        if not self._has_met:
            return "no Link peer has come: turn Link on in another program of this network"
        peers = self._link.numPeers()
        return f"Link with {peers} peer{'s' * (peers != 1)}" if peers else "Link, whose peers have gone"

    def open(self) -> None:
        """See `OuterClock`."""
        try:
            module = import_module("link")
        except ImportError as error:
            raise ParameterError(
                "clock must be installed, got link without LinkPython-extern; pip install 'tsumami[link]'"
            ) from error
        self._link = module.Link(_FIRST_BPM)
        self._link.enabled = True

    def beats(self) -> Iterable[tuple[int, float]]:
        """See `OuterClock`. The beat that has just begun, once: a change of tempo moves only later ones."""
        self._has_met = self._has_met or self._link.numPeers() > 0
        if not self._has_met:
            return
        session = self._link.captureSessionState()
        self.bpm = float(session.tempo())
        now_ns, now = time.perf_counter_ns(), self._link.clock().micros()
        beat = int(session.beatAtTime(now, BEATS_IN_BAR) // 1)
        if beat != self._told:
            self._told = beat
            since = session.timeAtBeat(beat, BEATS_IN_BAR) - now
            yield beat, now_ns + _NS_PER_MICRO * since

    def close(self) -> None:
        """See `OuterClock`."""
        if self._link is not None:
            self._link.enabled = False
            self._link = None
