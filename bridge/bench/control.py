"""`tsumami bench control`: what the page costs the sound, and how fast hands reach it, side by side.

In turns the session plays without its page, and with it, open in a Chromium without a screen that draws by
software, on the same cores; and with one that gives way to all else there, in the place of a tablet's, which
would take nothing from this computer. In all of them a knob moves half of the parameters, forty times a
second, through a real MIDI port.
"""

import struct
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import psutil
from rich.console import Console
from rich.progress import track
from websockets.sync.client import connect

from tsumami.bridge.bench.control_page import Control, controlled_engine, looking_browser
from tsumami.bridge.bench.jack_server import jack_server
from tsumami.bridge.bench.report import Report, Row
from tsumami.bridge.live.page import LivePage
from tsumami.bridge.mapping import compile_mapping
from tsumami.bridge.midi import Message, MidiInputs
from tsumami.engine import EngineError
from tsumami.engine.events import Events, Kind

_BLOCK: Final = 128
_ROUNDS: Final = 3
_SECONDS: Final = 20.0
_EVENTS_SECONDS: Final = 60.0
_MOVES: Final = 200
_A_SECOND: Final = 1000
_FIRST_CC: Final = 20
_KNOBS: Final = 8
_REST_SECONDS: Final = 0.022
_DEADLINE_SECONDS: Final = 10.0
_LOST_SECONDS: Final = 0.5
"""After which a move is taken for lost."""
_COUNTS: Final = ("missed", "overruns", "lost_periods", "late_inference")
_RANKS: Final = (("p50", 50.0), ("p99", 99.0))
_NO_OTHER: Final = "no input but the virtual one"
_WITHOUT: Final = "without the page"
_LOOKING: Final = {"page open and moving": 0, "page open, its browser giving way": 19}
"""Browsers, by what rows say of them, and how nice they are to others."""

Milliseconds = npt.NDArray[np.float64]


class _Counted:
    """What was counted in the rounds of one kind."""

    def __init__(self) -> None:
        self.knob_ms: list[float] = []
        self.counts = dict.fromkeys(_COUNTS, 0)
        self.blocks = 0
        self.frames = self.lost = 0
        self.seconds = 0.0

    def knob(self, rank: float) -> float:
        """Percentile of milliseconds."""
        return float(np.percentile(self.knob_ms, rank))


class _Arrivals(NamedTuple):
    """How many mapping events were sent, came to the session, to the engine, and there out of order."""

    sent: int
    arrived: int
    reached: int
    swapped: int


def run(seconds: float = _SECONDS, events_seconds: float = _EVENTS_SECONDS, moves: int = _MOVES) -> Report:
    """Rounds of ``seconds``, ``moves`` from the page, 1,000 events a second for ``events_seconds``."""
    without, looked_at = _Counted(), {name: _Counted() for name in _LOOKING}
    with_page = looked_at["page open and moving"]
    others = psutil.getloadavg()[0]
    with jack_server(_BLOCK) as realtime, controlled_engine(_BLOCK) as control:
        heard: list[Message] = []
        mapping = compile_mapping(
            control.setup.session,
            macros=control.macros,
            parameters=[parameter.name for parameter in control.setup.parameters],
        )
        midi = msgspec.structs.replace(control.setup.session.midi, inputs=[_NO_OTHER])
        with MidiInputs(midi, mapping, control.router, hear=heard.append):
            keys = _keys(control)
            for _ in track(range(_ROUNDS), "rounds", console=Console(stderr=True)):
                _round(control, keys, seconds, without)
                for name, niceness in _LOOKING.items():
                    with control.page() as page, looking_browser(page, niceness):
                        _round(control, keys, seconds, looked_at[name], page)
            with control.page() as page, looking_browser(page):
                page_ms = _measure_page(control, page, moves)
                heard.clear()
                events = _measure_events(control, keys, heard, events_seconds)
    rows = [
        *(row for name, counted in looked_at.items() for row in _beside(name, counted, without)),
        *(
            Row(f"page, WebSocket to samples changed, {name}", float(np.percentile(page_ms, rank)), "ms")
            for name, rank in _RANKS
        ),
        *(
            Row(f"pictures on the screen, {name}", counted.frames / counted.seconds, "a second")
            for name, counted in looked_at.items()
        ),
        Row(f"mapping events sent in {events_seconds:g} s", events.sent, "events"),
        Row("… lost on the way to the session (JACK's own)", events.sent - events.arrived, "events"),
        Row("… lost between the session and the engine", events.arrived - events.reached, "events"),
        Row("… out of order", events.swapped, "events"),
    ]
    note = (
        f"{_ROUNDS} rounds of {seconds:g} s of each kind in turns, {with_page.blocks} blocks of {_BLOCK} "
        f"frames with the page and {without.blocks} without, JACK's threads "
        f"{'with' if realtime else 'without'} real-time priority; {len(with_page.knob_ms)} knob moves with "
        f"the page, {len(without.knob_ms)} without; JACK lost {with_page.lost} and {without.lost} more. A "
        "knob's time has JACK's own in it. Chromium draws by software on the same cores, like any other "
        "program, or giving way to all others (nice 19): a tablet's would take nothing from them. The "
        f"{_A_SECOND} events a second are of eight knobs, with the page open. Before it began, other "
        f"programs had a load of {others:.1f} on {psutil.cpu_count()} cores."
    )
    return Report("control", rows, [note])


def _beside(name: str, counted: _Counted, without: _Counted) -> Iterator[Row]:
    """What the rounds of a browser have beside those without."""
    for count in _COUNTS:
        what = f"{count.replace('_', ' ')}, {name}"
        yield Row(what, counted.counts[count], "blocks", _WITHOUT, without.counts[count])
    for label, rank in _RANKS:
        what = f"knob (MIDI), sent to samples changed, {label}, {name}"
        yield Row(what, counted.knob(rank), "ms", _WITHOUT, without.knob(rank))


def _keys(control: Control) -> Any:
    """A MIDI output at the session's port, once what it sends is heard, and a chord that is held."""
    rtmidi: Any = import_module("rtmidi")
    keys = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="keys")
    _until(lambda: any(port.startswith("tsumami:") for port in keys.get_ports()), "a MIDI port")
    ports = keys.get_ports()
    keys.open_port(next(n for n, port in enumerate(ports) if port.startswith("tsumami:")), "out")
    meters = control.client.memory.meters

    def is_heard() -> bool:
        keys.send_message([0x90, 60, 90])
        time.sleep(0.02)
        return int(meters["note_applied_ns"]) > 0

    _until(is_heard, "a note")
    for note in (48, 55, 64):
        keys.send_message([0x90, note, 90])
    keys.send_message([0xB0, _FIRST_CC, 64])  # takes the knob over
    time.sleep(0.2)
    return keys


def _round(
    control: Control, keys: Any, seconds: float, counted: _Counted, page: LivePage | None = None
) -> None:
    """Move the knob for a while and count what happens meanwhile."""
    meters = control.client.memory.meters
    before = {name: int(meters[name]) for name in (*_COUNTS, "blocks")}
    frames, began, move = _frames(page), time.monotonic(), 0
    while time.monotonic() - began < seconds:
        sent_ns = time.perf_counter_ns()
        keys.send_message([0xB0, _FIRST_CC, 34 if move % 2 else 94])
        try:
            counted.knob_ms.append(_applied_ms(meters, sent_ns))
        except EngineError:  # JACK drops what is sent in the cycle of an xrun
            counted.lost += 1
        control.client.memory.applied.pop()
        time.sleep(_REST_SECONDS + 0.0001 * (move % 27))  # at every phase of the block
        move += 1
    counted.seconds += time.monotonic() - began
    counted.frames += _frames(page) - frames
    for name in _COUNTS:
        counted.counts[name] += int(meters[name]) - before[name]
    counted.blocks += int(meters["blocks"]) - before["blocks"]


def _frames(page: LivePage | None) -> int:
    return 0 if page is None else page.counts()["frames_shown"]


def _measure_page(control: Control, page: LivePage, moves: int) -> Milliseconds:
    """Milliseconds from a WebSocket message to the samples that it changes, ``[moves]``."""
    meters = control.client.memory.meters
    number = page.number_of("/tsumami/macro/bright")
    times = np.zeros(moves)
    with connect(f"ws://127.0.0.1:{page.port}/socket") as socket:
        for move in range(moves):
            sent_ns = time.perf_counter_ns()
            socket.send(struct.pack("<BHf", 1, number, 0.3 if move % 2 else 0.7))
            times[move] = _applied_ms(meters, sent_ns)
            time.sleep(_REST_SECONDS + 0.0001 * (move % 27))
    return times


def _measure_events(control: Control, keys: Any, heard: list[Message], seconds: float) -> _Arrivals:
    """Send at a pace, and see what of it came, and in which order."""
    control.client.memory.applied.pop()  # what was measured before
    applied: list[Events] = []
    began, sent = time.monotonic(), 0
    while sent < seconds * _A_SECOND:
        while sent < min(time.monotonic() - began, seconds) * _A_SECOND:
            keys.send_message([0xB0, _FIRST_CC + sent % _KNOBS, sent // _KNOBS % 128])
            sent += 1
        applied.append(control.client.memory.applied.pop())
        time.sleep(0.002)
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline:
        applied.append(control.client.memory.applied.pop())
        time.sleep(0.01)
    events = np.concatenate(applied)
    events = events[events["kind"] == Kind.MACRO]
    arrived = [(message.data1 - _FIRST_CC, message.data2) for message in heard if message.data1 >= _FIRST_CC]
    reached = [(int(each["index"]), round(float(each["value"]) * 127)) for each in events]
    return _Arrivals(sent, len(arrived), len(reached), _swaps(arrived, reached))


def _swaps(arrived: list[tuple[int, int]], reached: list[tuple[int, int]]) -> int:
    """How many reached the engine before one that had arrived earlier."""
    position, swapped = 0, 0
    for each in reached:
        try:
            position = arrived.index(each, position, position + _KNOBS * 128) + 1
        except ValueError:
            swapped += 1
    return swapped


def _applied_ms(meters: Any, sent_ns: int) -> float:
    """Milliseconds until the knob's parameters are in the samples."""
    _until(lambda: int(meters["knob_applied_ns"]) > sent_ns, "a knob's move", _LOST_SECONDS)
    return (int(meters["knob_applied_ns"]) - sent_ns) * 1e-6


def _until(condition: Callable[[], bool], what: str, patience_seconds: float = _DEADLINE_SECONDS) -> None:
    deadline = time.monotonic() + patience_seconds
    while not condition():
        if time.monotonic() > deadline:
            raise EngineError(f"{what} must arrive within {patience_seconds:g} s, got nothing")
        time.sleep(0.0002)
