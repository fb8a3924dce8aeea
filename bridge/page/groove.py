"""Groove lanes: how early or late the hits of the input are, by drum, as they come."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from tsumami.bridge.groove.analysis import Groove
from tsumami.bridge.groove.control import FLOOR_DB
from tsumami.bridge.groove.host_clock import HostClock
from tsumami.bridge.groove.live_grid import LiveGrid
from tsumami.bridge.groove.recording import Recording
from tsumami.bridge.groove.report import STRIP_MS, feel_of
from tsumami.bridge.page.memory import PageMemory
from tsumami.engine.errors import SoundError
from tsumami.engine.groove import HIT_DTYPE, LANES, Lean, lean
from tsumami.engine.groove.detector import Hits
from tsumami.engine.groove.deviation import bias_of, spread_of

_WINDOW_HITS: Final = 256
"""Hits that the grid is found from: the last."""
_SHOWN: Final = 32
"""Hits of a lane that are told: the last."""
_FIND_SECONDS: Final = 2.0
"""Between two searches for the grid."""
_FEWEST: Final = 2
_SWITCHED: Final = 0.5
"""From where on a switch is on."""
_NOT_KEPT: Final = np.zeros(0, np.float32)


class SessionClock:
    """The session's beat as an outer clock, read from the memory that the session shares."""

    def __init__(self, memory: PageMemory) -> None:
        self._memory = memory
        self._bpm = 0.0
        self._told = -1

    @property
    def source(self) -> Literal["session"]:
        """See `OuterClock`."""
        return "session"

    @property
    def bpm(self) -> float | None:
        """See `OuterClock`."""
        return self._bpm or None

    @property
    def is_running(self) -> bool:
        """See `OuterClock`."""
        return self._bpm > 0.0

    @property
    def state(self) -> str:
        """See `OuterClock`."""
        return "" if self.is_running else "tempo found from the hits"

    def open(self) -> None:
        """See `OuterClock`."""

    def beats(self) -> Iterator[tuple[int, float]]:
        """See `OuterClock`: the beat before the one that was told last, so that none is ahead."""
        line = self._memory.read_beat()
        if line is None:
            return
        at, ns, self._bpm = line
        number = int(np.floor(at))
        if self.is_running and number != self._told and number >= 0:
            self._told = number
            yield number, ns - (at - number) * 60e9 / self._bpm

    def close(self) -> None:
        """See `OuterClock`."""


class GrooveLanes:
    """`take` what was heard, then `document` tells it; one thread calls both.

    ``tempo`` is what hits are held against, or the ``reference`` where there is one and it is asked for;
    ``latency_seconds`` is from a beat of the session to the sample at which a hit on it is heard.
    """

    def __init__(
        self, sample_rate: int, tempo: LiveGrid, reference: LiveGrid | None, latency_seconds: float
    ) -> None:
        self._sample_rate, self._latency = sample_rate, latency_seconds
        self._tempo, self._reference = tempo, reference
        self._grid = reference or tempo
        self._floor_db, self._resets = FLOOR_DB, 0
        self._clock = HostClock(sample_rate)
        self._hits: Hits = np.zeros(0, HIT_DTYPE)
        self._count = self._found_of = 0
        self._seconds, self._found_at = 0.0, -_FIND_SECONDS
        self._groove: Groove | None = None
        self._waiting = "listening"
        self._state = ""
        self._has_news = True

    def take(self, blocks: npt.NDArray[np.void], hits: Hits) -> None:
        """Take blocks `HEARD_DTYPE` and hits that have come since the last time."""
        if len(blocks):
            self._clock.feed(blocks)
            self._seconds = float(blocks[-1]["sample"] + blocks[-1]["frames"]) / self._sample_rate
        hits = hits[hits["strength_db"] >= self._floor_db]
        if len(hits):
            self._count += len(hits)
            every = np.concatenate([self._hits, hits])
            self._hits = every[np.argsort(every["sample"], kind="stable")][-_WINDOW_HITS:]
        if self._clock.has_begun:
            self._grid.follow(self._clock, self._latency)
        self._has_news |= len(hits) > 0 or self._grid.state != self._state
        self._state = self._grid.state

    @property
    def is_new(self) -> bool:
        """Whether the document has changed since it was told."""
        return self._has_news or self._is_due

    @property
    def _is_due(self) -> bool:
        """Whether the grid is to be found anew."""
        return self._count > self._found_of and self._seconds - self._found_at >= _FIND_SECONDS

    def ask(self, asked: Sequence[float]) -> None:
        """Do what was asked, by `GrooveControl`; of the button, how often it was pressed until now."""
        resets, sensitivity, by_reference = asked
        self._floor_db = FLOOR_DB * sensitivity
        grid = self._tempo if self._reference is None or by_reference < _SWITCHED else self._reference
        if resets != self._resets or grid is not self._grid:
            self._resets, self._grid = int(resets), grid
            self._hits, self._count, self._found_of = self._hits[:0], 0, 0
            self._groove, self._waiting = None, "listening"
            self._has_news = True

    def document(self) -> dict[str, Any]:
        """What the lanes show, as JSON can say it; finds the grid where that is due."""
        self._has_news = False
        if self._is_due:
            self._find()
        told = {"is": "groove", "hits": self._count, "state": self._grid.state, "strip_ms": STRIP_MS}
        if self._groove is None:
            return {**told, "waiting": self._waiting, "lanes": [], "latest": None}
        grid = self._groove.lean.grid
        leaning = lean(self._hits, self._sample_rate, grid)
        return {
            **told,
            "waiting": "",
            "bpm": round(grid.bpm, 2),
            "source": grid.source,
            "feel": feel_of(grid),
            "sure": round(grid.confidence, 2),
            "lanes": [_lane(leaning, number) for number in range(len(LANES))],
            "latest": _latest(leaning),
        }

    def _find(self) -> None:
        """Find the grid of the last hits."""
        self._found_at, self._found_of = self._seconds, self._count
        recording = Recording("", self._seconds, self._sample_rate, self._hits, (), _NOT_KEPT)
        try:
            self._groove = self._grid.groove(recording)
        except SoundError as error:
            self._waiting = str(error)


def _lane(leaning: Lean, number: int) -> dict[str, Any]:
    """The last hits of a drum: how late they are in ms, the newest last, and what they come to."""
    own = np.flatnonzero(leaning.lanes == number)[-_SHOWN:]
    late_ms = leaning.deviation_ms[own]
    return {
        "name": LANES[number],
        "late_ms": [round(value, 1) for value in late_ms.tolist()],
        "bias_ms": round(bias_of(late_ms), 1) if len(own) else None,
        "spread_ms": round(spread_of(late_ms), 1) if len(own) >= _FEWEST else None,
        "level_db": round(float(np.median(leaning.strength_db[own])), 1) if len(own) else None,
    }


def _latest(leaning: Lean) -> dict[str, Any] | None:
    if not len(leaning.seconds):
        return None
    return {
        "lane": LANES[leaning.lanes[-1]],
        "late_ms": round(float(leaning.deviation_ms[-1]), 1),
        "sure": round(float(leaning.confidence[-1]), 2),
    }
