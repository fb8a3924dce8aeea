"""A live groove: hears an input until it is ended, and shows how its hits lean."""

import contextlib
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tsumami.bridge.groove.analysis import Groove
from tsumami.bridge.groove.calibration import CLICK_SECONDS, CLICKS, Calibration
from tsumami.bridge.groove.latency import Latency, LatencyFile
from tsumami.bridge.groove.listener import Listener
from tsumami.bridge.groove.live_grid import (
    ClickGrid,
    ClockGrid,
    FoundGrid,
    LiveGrid,
    ReferenceGrid,
    final_groove,
)
from tsumami.bridge.groove.live_view import GrooveView
from tsumami.bridge.groove.recording import Recording
from tsumami.bridge.groove.reference_file import ReferenceHits
from tsumami.bridge.live.screen import PERIOD_SECONDS, Screen
from tsumami.bridge.live.summary import decibels
from tsumami.bridge.session.tables import Session
from tsumami.bridge.signals import ended_by_signals
from tsumami.bridge.tempo.beat import BEATS_IN_BAR
from tsumami.bridge.tempo.outer_clock import OuterClock
from tsumami.engine.errors import SessionError, SoundError
from tsumami.engine.groove import lean

if TYPE_CHECKING:
    from tsumami.bridge.groove.live_divergence import LiveDivergence

_FIND_SECONDS: Final = 1.0
"""Between two searches for the grid."""
_WINDOW_HITS: Final = 256
"""Hits that the view is about: the last."""
_NOT_KEPT: Final = np.zeros(0, np.float32)
_LEAD_SECONDS: Final = 1.0
"""Before the first click."""


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What a live performance is held against: one of these, or a tempo that is found."""

    bpm: float | None = None
    has_click: bool = False
    """At ``bpm``."""
    reference: ReferenceHits | None = None
    clock: OuterClock | None = None
    seconds: float | None = None


class LiveGroove:
    """Everything between `tsumami groove --live` and Ctrl-C. Its view goes to standard error."""

    def __init__(self, session: Session, options: LiveOptions) -> None:
        self._session, self._options = session, options
        self._screen = Screen()
        self._tell = self._screen.tell
        self._stopping = threading.Event()
        self._view = GrooveView()
        self._latencies = LatencyFile()
        self._divergence: LiveDivergence | None = None

    def run(self) -> tuple[Groove, dict[str, Any]]:
        """Hear until the time is over or the user ends it: the groove, and what is to be said of the session.

        Raises `SoundError` where nothing was heard that a groove could be made of.
        """
        with self._listening() as listener:
            latency = self._latency(listener)
            grid = self._grid(listener, latency)
            reference = self._options.reference
            if reference is not None and reference.recording is not None:
                self._divergence = _divergence(reference.recording, listener.sample_rate)
            self._watch(listener, grid, latency)
            facts = {**self._facts(listener, latency), "grid": grid.state}
        recording = self._recording(listener, facts)
        if not len(recording.hits):
            raise SoundError(
                f"input must have hits of drums, got none in {recording.seconds:.0f} s, "
                f"its peak {facts['peak_dbfs']:.0f} dBFS; is it the right --input?"
            )
        groove = final_groove(grid, recording, self._options.bpm)
        if self._divergence is not None:
            groove = replace(groove, divergence=self._divergence.divergence(groove.lean.seconds))
        return groove, facts

    def calibrate(self) -> str:
        """Measure the way from click to hearing and keep it; says what it is. Raises `DeviceError`."""
        with self._listening() as listener:
            self._tell(f"playing {CLICKS} clicks: the input must hear them")
            first = listener.click(CLICK_SECONDS, 1, _LEAD_SECONDS)
            calibration = Calibration(listener.sample_rate, first)
            while not calibration.is_complete and not self._stopping.wait(PERIOD_SECONDS):
                calibration.feed(*listener.look())
            if not calibration.is_complete:
                raise SessionError("calibration must be let run for seven seconds, got an end before")
            round_trip, spread = calibration.round_trip()
            stated = listener.engine.input_latency_seconds
            place = (listener.engine, listener.sample_rate, listener.block_size)
            self._latencies.keep(*place, round_trip, spread)
        return (
            f"{1000.0 * round_trip:.2f} ms from click to hit on {listener.engine.device}, heard by "
            f"{listener.engine.input} (± {1000.0 * spread:.2f} ms; stated {1000.0 * stated:.2f} ms)\n"
            f"kept in {self._latencies.path}, and used from now on"
        )

    @contextlib.contextmanager
    def _listening(self) -> Iterator[Listener]:
        with contextlib.ExitStack() as stack:
            stack.enter_context(ended_by_signals(self._stopping.set))
            stack.enter_context(self._screen.kept())
            clock = self._options.clock
            if clock is not None:
                stack.callback(clock.close)
                clock.open()
            listener = Listener(self._session, self._tell)
            self._tell("starting the engine (the first start compiles its kernels, about half a minute)")
            yield stack.enter_context(listener)

    def _latency(self, listener: Listener) -> Latency:
        latency = self._latencies.latency(listener.engine, listener.sample_rate, listener.block_size)
        self._tell(str(latency))
        return latency

    def _grid(self, listener: Listener, latency: Latency) -> LiveGrid:
        options = self._options
        if options.clock is not None:
            return ClockGrid(options.clock, options.bpm)
        if options.reference is not None:
            return ReferenceGrid(options.reference)
        if options.bpm is not None and options.has_click:
            first = listener.click(60.0 / options.bpm, BEATS_IN_BAR, _LEAD_SECONDS)
            return ClickGrid(options.bpm, first / listener.sample_rate, latency.round_trip)
        return FoundGrid(options.bpm)

    def _watch(self, listener: Listener, grid: LiveGrid, latency: Latency) -> None:
        """The main loop."""
        self._view.latency = latency
        found = 0.0
        with self._screen.showing(self._view):
            end = math.inf if self._options.seconds is None else self._options.seconds
            is_over = False
            while not is_over:
                is_over = self._stopping.wait(PERIOD_SECONDS)
                first, audio = listener.look()
                if self._divergence is not None:
                    self._divergence.feed(first, audio)
                grid.follow(listener.clock, latency.heard)
                self._update(listener, grid)
                is_wanted = self._screen.is_shown or self._divergence is not None
                if is_wanted and listener.seconds - found >= _FIND_SECONDS:
                    self._find(listener, grid)
                    found = listener.seconds
                is_over = is_over or listener.seconds >= end

    def _update(self, listener: Listener, grid: LiveGrid) -> None:
        view = self._view
        view.engine, view.state, view.seconds = listener.engine, grid.state, listener.seconds
        view.hits = len(listener.hits)
        view.peak = float(listener.meters["input_peak_now"].max())
        view.lost_blocks = int(listener.meters["input_lost"])
        if view.groove is not None:
            view.lean = lean(listener.hits[-_WINDOW_HITS:], listener.sample_rate, view.groove.lean.grid)
        if self._divergence is not None and view.lean is not None:
            view.divergence = self._divergence.divergence(view.lean.seconds)

    def _find(self, listener: Listener, grid: LiveGrid) -> None:
        """Find the grid of the last hits."""
        hits = listener.hits[-_WINDOW_HITS:]
        if not len(hits):
            return
        recording = Recording("", listener.seconds, listener.sample_rate, hits, (), _NOT_KEPT)
        try:
            self._view.groove = grid.groove(recording)
        except SoundError as error:
            self._view.waiting = str(error)
            return
        if self._divergence is not None:
            self._divergence.place(self._view.groove.lag_seconds)

    def _recording(self, listener: Listener, facts: dict[str, Any]) -> Recording:
        remarks = []
        if facts["lost_blocks"]:
            remarks.append(
                f"blocks of the input that were lost, with the hits in them: {facts['lost_blocks']}"
            )
        name = f"live from {listener.engine.input}"
        return Recording(
            name, listener.seconds, listener.sample_rate, listener.hits, tuple(remarks), _NOT_KEPT
        )

    def _facts(self, listener: Listener, latency: Latency) -> dict[str, Any]:
        meters = listener.meters
        return {
            "seconds": round(listener.seconds, 3),
            "device": listener.engine.device,
            "input": listener.engine.input,
            "sample_rate": listener.sample_rate,
            "block_size": listener.block_size,
            "peak_dbfs": round(decibels(float(meters["input_peak"])), 2),
            "missed": int(meters["missed"]),
            "lost_blocks": int(meters["input_lost"]),
            "device_losses": int(meters["device_losses"]),
            "round_trip_ms": round(1000.0 * latency.round_trip, 3),
            "input_ms": round(1000.0 * latency.heard, 3),
            "is_calibrated": latency.is_measured,
        }


def _divergence(reference: Recording, sample_rate: int) -> "LiveDivergence":
    # Here, so that a groove without such a reference does without ONNX Runtime.
    from tsumami.bridge.groove.live_divergence import LiveDivergence

    return LiveDivergence(reference, sample_rate)
