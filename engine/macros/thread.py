"""The inference thread of macros: knob moves in, parameter events for the audio thread out."""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tsumami.engine.doorbell import Doorbell
from tsumami.engine.events import EVENT_DTYPE, NOW, Events, Kind
from tsumami.engine.meter_block import MAX_MACROS, MeterBlock
from tsumami.engine.meters import record_duration
from tsumami.engine.priority import answer_hands
from tsumami.engine.ring import Ring

CONTROL_PERIOD_SECONDS = 0.004
"""Time between two decodes while a macro moves: 250 Hz."""


class Macros(Protocol):
    """What the thread needs of `tsumami.engine.macros.MacroProcessor`."""

    values: npt.NDArray[np.float32]
    non_finite: int
    """Decodes that were NaN or infinite and were held back."""

    @property
    def is_moving(self) -> bool:
        """Whether another tick would change anything."""
        ...

    @property
    def positions(self) -> npt.NDArray[np.float32]:
        """Where each macro stands, 0-1."""
        ...

    def load(self, values: npt.NDArray[np.float32]) -> None:
        """Take a whole patch as the new reference."""
        ...

    def move(self, macro: int, position: float) -> None:
        """Turn a knob to a position 0-1."""
        ...

    def move_latent(self, dimension: int, position: float) -> None:
        """Turn a dimension of the latent to a position 0-1."""
        ...

    def morph_from(self, which: int, values: npt.NDArray[np.float32]) -> None:
        """Take a patch as the end 0 or 1 of a morph."""
        ...

    def morph(self, share: float) -> None:
        """Go to a share 0-1 of the way between the ends."""
        ...

    def tick(self, seconds: float) -> bool:
        """Advance; whether ``values`` changed."""
        ...


class MacroThread(threading.Thread):
    """Feeds a macro processor from a ring and pushes every parameter that it changes.

    The macro ring carries MACRO and LATENT events, PARAMETER events (an edit, which becomes part of the
    reference) and whole patches: a PATCH event whose index is n, then n PARAMETER events, pushed as one.
    Where its value is 1, the instrument stands there already; where n is 0, it is about to take a patch by
    itself, and nothing moves until that is told. A MORPH event with n parameters brings an end of a morph
    instead, and one without says how far to go.
    Idle, it sleeps until the doorbell rings; while a knob moves it decodes every control period.
    """

    def __init__(
        self,
        processor: Macros,
        macro_ring: Ring,
        parameter_ring: Ring,
        meters: MeterBlock,
        doorbell: Doorbell,
    ) -> None:
        super().__init__(name="macros", daemon=True)
        self._feed = MacroFeed(processor, macro_ring, parameter_ring, meters)
        self._doorbell = doorbell
        self._stopping = False

    def run(self) -> None:
        """Until `stop`. [inference thread]"""
        answer_hands()
        while not self._stopping:
            if self._feed.is_settled:
                self._doorbell.acquire()
            else:
                self._doorbell.acquire(timeout=CONTROL_PERIOD_SECONDS)
            while self._doorbell.acquire(block=False):
                pass
            self._feed.advance(time.perf_counter_ns)

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopping = True
        self._doorbell.release()
        self.join()


class MacroFeed:
    """One step of the inference thread: read the ring, tick the processor, push what changed."""

    def __init__(self, processor: Macros, macro_ring: Ring, parameter_ring: Ring, meters: MeterBlock) -> None:
        self._processor = processor
        self._macro_ring = macro_ring
        self._parameter_ring = parameter_ring
        self._meters = meters
        self._sent = processor.values.copy()
        self._is_waiting = False
        self._oldest_stamp_ns = 0
        self._ticked_ns = 0
        self._publish()

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to decode or send for now."""
        if self._is_waiting:
            return True
        return not self._processor.is_moving and np.array_equal(self._sent, self._processor.values)

    def advance(self, clock_ns: Callable[[], int]) -> None:
        """Handle what has arrived and, when a control period has passed or a knob moved, decode."""
        began = clock_ns()
        period_ns = int(CONTROL_PERIOD_SECONDS * 1e9)
        # After a rest the first decode covers one control period, not the whole rest.
        elapsed_ns = min(began - self._ticked_ns, period_ns)
        self._receive(self._macro_ring.pop())
        self._ticked_ns = began
        if self._is_waiting:
            return
        if self._processor.is_moving:
            self._processor.tick(elapsed_ns * 1e-9)
            took = clock_ns() - began
            self._meters["inference_steps"] += 1
            self._meters["late_inference"] += took > period_ns
            record_duration(self._meters["inference_load"], took)
        self._push_changes(clock_ns)
        self._publish()

    def _publish(self) -> None:
        """Let the meters show where the macros stand."""
        self._meters["inference_non_finite"] = self._processor.non_finite
        positions = self._processor.positions[:MAX_MACROS]
        self._meters["macros"][: len(positions)] = positions

    def _receive(self, events: Events) -> None:
        patch: npt.NDArray[np.float32] | None = None
        missing, is_there = 0, False
        end: int | None = None
        for item in events:
            kind, index, value = int(item["kind"]), int(item["index"]), float(item["value"])
            if item["stamp_ns"] and not self._oldest_stamp_ns:
                self._oldest_stamp_ns = int(item["stamp_ns"])
            if kind == Kind.PATCH and index == 0:
                self._is_waiting = True
            elif kind == Kind.PATCH:
                patch, missing, is_there = self._processor.values.copy(), index, bool(value)
            elif kind == Kind.MORPH and index:
                patch, missing, end = self._processor.values.copy(), index, int(value)
            elif kind == Kind.MORPH:
                self._processor.morph(value)
            elif kind == Kind.MACRO:
                self._processor.move(index, value)
            elif kind == Kind.LATENT:
                self._processor.move_latent(index, value)
            elif kind == Kind.PARAMETER and patch is not None:
                patch[index] = value
                missing -= 1
                if not missing and end is not None:
                    self._processor.morph_from(end, patch)
                    patch = end = None
                elif not missing:
                    self._take(patch, is_there)
                    patch = None
            elif kind == Kind.PARAMETER:
                edited = self._processor.values.copy()
                edited[index] = value
                self._processor.load(edited)

    def _take(self, patch: npt.NDArray[np.float32], is_there: bool) -> None:
        """Move from ``patch`` from now on."""
        self._processor.load(patch)
        self._is_waiting = False
        if is_there:
            self._sent = self._processor.values.copy()

    def _push_changes(self, clock_ns: Callable[[], int]) -> None:
        """Send the parameters that differ from what was sent last; keep them when the ring is full."""
        values = self._processor.values
        changed = np.flatnonzero(values != self._sent)
        if not len(changed):
            if not self._processor.is_moving:
                self._oldest_stamp_ns = 0
            return
        events: Any = np.zeros(len(changed), EVENT_DTYPE)
        events["time"] = NOW
        events["kind"] = Kind.PARAMETER
        events["index"] = changed
        events["value"] = values[changed]
        events["stamp_ns"][0] = self._oldest_stamp_ns
        if self._parameter_ring.push(events):
            self._sent[changed] = values[changed]
            if self._oldest_stamp_ns:
                now = clock_ns()
                record_duration(self._meters["set_latency"], now - self._oldest_stamp_ns)
                self._meters["knob_set_ns"] = now
                self._oldest_stamp_ns = 0
