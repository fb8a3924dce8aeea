"""What a browser is sent thirty times a second: counts and levels, the output, and what has moved."""

import time
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.bridge.page.facts import Facts
from tsumami.bridge.page.memory import PageMemory
from tsumami.bridge.page.scope import BANDS, POINTS, Scope
from tsumami.engine.meter_block import STAGES
from tsumami.engine.meters import BINS, percentiles
from tsumami.engine.shared import SessionMemory

HEAD_DTYPE = np.dtype(
    [
        ("sequence", "<u4"),  # counts the pictures that this browser was sent
        ("seconds", "<f8"),  # since the session began
        ("peak", "<f4", (2,)),  # linear
        ("rms", "<f4", (2,)),
        ("input_peak", "<f4"),
        ("missed", "<u4"),
        ("overruns", "<u4"),
        ("blame", "<u4", (len(STAGES),)),  # overruns by the stage that took longest
        ("late_inference", "<u4"),
        ("clipped", "<u4"),
        ("non_finite", "<u4"),
        ("input_lost", "<u4"),
        ("repair_gaps", "<u4"),
        ("repair_samples", "<u4"),
        ("loop_place", "<f4"),  # how far the loop that sounds has come, 0-1
        ("load_half", "<f4"),  # % of a block that half of them took at most, of the last second
        ("load", "<f4", (len(STAGES),)),  # … and 99 of 100, by stage; the first is the whole
        ("moved", "<u4"),  # how many positions follow
    ]
)
"""The beginning of a picture; then come `POINTS` int16 of each channel, `BANDS` uint8, and the positions."""

MOVED_DTYPE = np.dtype([("address", "<u2"), ("position", "<u2")])
"""Where something stands now."""

FULL: Final = 65_534
"""What stands for a position of 1; even, so that the middle is exact."""

_LOAD_SECONDS: Final = 1.0
_STRAINED_SECONDS: Final = 0.25
_LATE: Final = ("missed", "lost_periods", "late_inference")
_COUNTS: Final = (
    "missed", "overruns", "blame", "late_inference", "clipped", "input_lost", "repair_gaps", "repair_samples",
    "loop_place",
)  # fmt: skip

Positions = npt.NDArray[np.uint16]


def layout() -> dict[str, Any]:
    """Where the parts of a picture are, for who reads it."""
    fields = {
        name: {"at": at[1], "type": at[0].base.str[1:], "count": int(np.prod(at[0].shape))}
        for name, at in (HEAD_DTYPE.fields or {}).items()
    }
    return {"fields": fields, "head": HEAD_DTYPE.itemsize, "points": POINTS, "bands": BANDS, "stages": STAGES}


class Picture:
    """The session as it is now, read from the memory that it shares."""

    def __init__(self, facts: Facts, engine: SessionMemory, page: PageMemory) -> None:
        self._facts, self._meters, self._page = facts, engine.meters, page
        self._scope = Scope(engine.scope, facts.sample_rate)
        self._load = np.zeros((len(STAGES), BINS), np.int64)
        self._load_at = -float("inf")
        self._head = np.zeros(1, HEAD_DTYPE)
        self._sound = b""
        own = {"macro": "macros", "parameter": "parameters"}
        self._told = len(facts.addresses)
        self._rows = {
            field: np.array([(n, each.index) for n, each in enumerate(facts.addresses) if each.kind == kind])
            for kind, field in own.items()
        }
        self._late, self._late_at = 0, -float("inf")
        self.positions: Positions = np.zeros(self._told, np.uint16)
        """Of every address, 0 where it is none of a position."""

    def take(self) -> None:
        """Look at everything once; what `of` tells after it is of this moment."""
        meters, head = self._meters, self._head[0]
        head["seconds"] = int(meters["sample"]) / self._facts.sample_rate
        for name in _COUNTS:
            head[name] = meters[name]
        head["non_finite"] = int(meters["non_finite"]) + int(meters["inference_non_finite"])
        head["peak"], head["rms"] = meters["peak_now"], np.sqrt(np.maximum(meters["mean_square_now"], 0.0))
        head["input_peak"] = meters["input_peak_now"].max()
        self._take_load(head)
        self._take_positions()
        self._scope.take()
        self._sound = self._scope.wave().tobytes() + self._scope.levels().tobytes()

    @property
    def is_strained(self) -> bool:
        """Whether the engine was late a moment ago."""
        late = sum(int(self._meters[name]) for name in _LATE)
        if late != self._late:
            self._late, self._late_at = late, time.monotonic()
        return time.monotonic() - self._late_at < _STRAINED_SECONDS

    def of(self, sequence: int, told: Positions | None) -> bytes:
        """A picture for a browser that was told these positions; None for one that knows nothing."""
        moved = np.arange(self._told) if told is None else np.flatnonzero(told != self.positions)
        rows = np.zeros(len(moved), MOVED_DTYPE)
        rows["address"], rows["position"] = moved, self.positions[moved]
        self._head["sequence"], self._head["moved"] = sequence, len(moved)
        return self._head.tobytes() + self._sound + rows.tobytes()

    def _take_positions(self) -> None:
        positions = np.nan_to_num(self._page.meters["positions"][: self._told])
        for field, rows in self._rows.items():
            if len(rows):
                positions[rows[:, 0]] = self._meters[field][rows[:, 1]]
        self.positions = np.round(np.clip(positions, 0.0, 1.0) * FULL).astype(np.uint16)

    def _take_load(self, head: Any) -> None:
        now = time.monotonic()
        if now - self._load_at < _LOAD_SECONDS:
            return
        load = self._meters["load"].copy()
        block_percent = self._facts.sample_rate / self._facts.block_size * 1e-7
        for stage, histogram in enumerate(load - self._load):
            half, most = percentiles(histogram, (50.0, 99.0)) * block_percent
            head["load"][stage] = most
            if stage == 0:
                head["load_half"] = half
        self._load, self._load_at = load, now
