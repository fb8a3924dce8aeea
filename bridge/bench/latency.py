"""From a knob or a key to the parameters and to the samples, through a real MIDI port."""

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from tsumami.bridge.bench.jack_server import SAMPLE_RATE, jack_server
from tsumami.bridge.bench.playing import playing_engine
from tsumami.bridge.bench.report import Row
from tsumami.bridge.mapping import compile_mapping
from tsumami.bridge.midi import MidiInputs
from tsumami.bridge.router import Router
from tsumami.bridge.session.programs import PatchPrograms
from tsumami.engine import DeviceRequest, EngineError, MeterBlock

_BRIGHT_CC = 20
_NOTE = 60
_REST_SECONDS = 0.02
_DEADLINE_SECONDS = 2.0
_PEER = "bare RtMidi callback"


class _Witness:
    """A plain RtMidi input whose callback notes when a message has arrived."""

    def __init__(self) -> None:
        rtmidi: Any = import_module("rtmidi")
        self._port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="witness")
        self._port.set_callback(self._take)
        self._port.open_virtual_port("in")
        self.arrived_ns = 0

    def _take(self, _message: Any, _data: Any) -> None:
        self.arrived_ns = time.perf_counter_ns()


class _Keys:
    """One MIDI output per listener, so that both hear a message in the same JACK cycle."""

    def __init__(self, *listeners: str) -> None:
        rtmidi: Any = import_module("rtmidi")
        self._ports: list[Any] = []
        for listener in listeners:
            port = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=f"keys-{len(self._ports)}")
            port.open_port(_wait_for_port(port, listener), "out")
            self._ports.append(port)

    def send(self, *message: int) -> int:
        """Send to all; the clock just before."""
        sent_ns = time.perf_counter_ns()
        for port in self._ports:
            port.send_message(message)
        return sent_ns


def measure_latency(moves: int, block_size: int) -> tuple[list[Row], str]:
    """Rows of ``moves`` knob moves and as many notes, and what they mean."""
    with (
        jack_server(block_size),
        playing_engine(DeviceRequest(api="JACK"), block_size, stress=False, category="lead") as (
            client,
            setup,
            message,
        ),
    ):
        mapping = compile_mapping(
            setup.session,
            macros=[macro.name for macro in message.macros],
            parameters=[parameter.name for parameter in setup.parameters],
        )
        router = Router(client, PatchPrograms(client, setup.patches))
        witness = _Witness()
        with MidiInputs(setup.session.midi, mapping, router):
            keys = _Keys("witness:", "tsumami:")
            meters = client.memory.meters
            _connect(keys, witness, meters)
            knob = _measure_knob(keys, witness, meters, moves)
            note = _measure_note(keys, witness, meters, moves)
    note_text = (
        f"{moves} knob moves and {moves} notes, {block_size} frames, one at a time, without the busy "
        "threads. Arrival is when a bare RtMidi callback has the message; JACK itself takes the time "
        "before. A knob's parameters are set when the inference thread has pushed them; applied is the "
        "start of the block whose samples they change."
    )
    block_ms = block_size / SAMPLE_RATE * 1e3
    rows = [
        *_rows("knob, sent to arrival (JACK's own)", knob["arrival"]),
        *_rows("knob, arrival to parameters set", knob["set"]),
        *_rows(f"knob, arrival to samples changed (block {block_ms:.2f} ms)", knob["applied"]),
        *_rows(f"note, arrival to samples changed (block {block_ms:.2f} ms)", note["applied"]),
    ]
    return rows, note_text


def _connect(keys: _Keys, witness: _Witness, meters: MeterBlock) -> None:
    """JACK drops what is sent in the cycle of a connection: send until both have heard."""

    def both_heard() -> bool:
        keys.send(0x90, _NOTE, 1)
        keys.send(0x80, _NOTE, 0)
        time.sleep(_REST_SECONDS)
        return witness.arrived_ns > 0 and int(meters["note_applied_ns"]) > 0

    _until(both_heard, "MIDI")
    keys.send(0xB0, _BRIGHT_CC, 64)  # takes the knob over
    time.sleep(0.2)


def _measure_knob(keys: _Keys, witness: _Witness, meters: MeterBlock, moves: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {"arrival": [], "set": [], "applied": []}
    for move in track(range(moves), "knob moves", console=Console(stderr=True)):
        sent_ns = keys.send(0xB0, _BRIGHT_CC, 34 if move % 2 else 94)
        _wait_for_both(witness, meters, "knob_applied_ns", sent_ns)
        times["arrival"].append((witness.arrived_ns - sent_ns) * 1e-6)
        times["set"].append((_first_after(meters, "knob_set_ns", sent_ns) - witness.arrived_ns) * 1e-6)
        times["applied"].append((int(meters["knob_applied_ns"]) - witness.arrived_ns) * 1e-6)
        time.sleep(_REST_SECONDS + 0.0001 * (move % 27))  # at every phase of the block
    return times


def _measure_note(keys: _Keys, witness: _Witness, meters: MeterBlock, notes: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {"applied": []}
    for number in track(range(notes), "notes", console=Console(stderr=True)):
        sent_ns = keys.send(0x90, _NOTE, 100)
        _wait_for_both(witness, meters, "note_applied_ns", sent_ns)
        times["applied"].append((int(meters["note_applied_ns"]) - witness.arrived_ns) * 1e-6)
        keys.send(0x80, _NOTE, 0)
        time.sleep(_REST_SECONDS + 0.0001 * (number % 27))
    return times


def _wait_for_both(witness: _Witness, meters: MeterBlock, applied: str, sent_ns: int) -> None:
    _until(lambda: min(witness.arrived_ns, int(meters[applied])) > sent_ns, applied)


def _first_after(meters: MeterBlock, field: str, time_ns: int) -> int:
    value = int(meters[field])
    assert value > time_ns, f"{field} must follow what was sent"
    return value


def _rows(what: str, milliseconds: list[float]) -> list[Row]:
    values = np.percentile(milliseconds, [50, 99, 100])
    return [
        Row(f"{what}, {name}", float(value), "ms")
        for name, value in zip(("p50", "p99", "maximum"), values, strict=True)
    ]


def _wait_for_port(port: Any, name: str) -> int:
    _until(lambda: _find(port, name) is not None, name)
    found = _find(port, name)
    assert found is not None
    return found


def _find(port: Any, name: str) -> int | None:
    return next((number for number, found in enumerate(port.get_ports()) if found.startswith(name)), None)


def _until(condition: Callable[[], bool], what: str) -> None:
    """Poll finely: it is the witness's own process that waits, not the engine's."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise EngineError(f"{what} must arrive within {_DEADLINE_SECONDS:g} s, got nothing")
        time.sleep(0.0002)
