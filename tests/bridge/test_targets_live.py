"""All that is turned, and all that can be moved by it, in one session on a JACK server."""

import math
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bridge.keyboard import keyboard
from tests.bridge.live_process import LiveProcess, running_live
from tests.jack import JackServer
from tests.leftovers import assert_nothing_left
from tsumami.bridge.osc.packets import Request, message, read_packet

SESSION = """
[midi]
virtual = true
[osc]
port = 0
[page]
port = 0
[input]
source = "device"
repair = true
[loop]
kind = "drums"
[groove]
on = true
"""
DEADLINE_SECONDS = 30.0

_SENT = 0.25
_STEP = 0.26
"""How far a parameter of two values may stand from there."""

Bytes = list[list[int]]
KNOBS: list[tuple[str, str, str, Bytes, float]] = [
    ("cc = 30", 'macro = "bright"', "macro/bright", [[0xB0, 30, 127]], 1.0),
    ("cc = 3\nbits = 14", 'parameter = "cutoff"', "parameter/cutoff", [[0xB0, 3, 64], [0xB0, 35, 0]], 0.5),
    (
        "nrpn = 300",
        "latent = 9",
        "latent/9",
        [[0xB0, 99, 2], [0xB0, 98, 44], [0xB0, 6, 32], [0xB0, 38, 0]],
        0.25,
    ),
    ("rpn = 5", "gain = true", "gain", [[0xB0, 101, 0], [0xB0, 100, 5], [0xB0, 6, 64], [0xB0, 38, 0]], 0.5),
    ("bend = true", 'loop = "density"', "loop/density", [[0xE0, 0, 0]], 0.0),
    ("pressure = true", 'loop = "brightness"', "loop/brightness", [[0xD0, 127]], 1.0),
    ("poly_pressure = 60", 'repair = "hold"', "repair/hold", [[0xA0, 60, 127]], 1.0),
    ("cc = 31", 'repair = "on"', "repair/on", [[0xB0, 31, 0]], 0.0),
    ("cc = 52", 'groove = "sensitivity"', "groove/sensitivity", [[0xB0, 52, 0]], 0.0),
    ("cc = 53", "tempo = true", "tempo", [[0xB0, 53, 64]], 64 / 127),
]
"""What is turned, what it moves, its address, what a controller sends, and where that comes to stand."""
BUTTONS = {
    "program = 7": ('action = "store"\nslot = 1', [[0xC0, 7]], "snapshot 1 stored"),
    "cc = 44": ('action = "store"\nslot = 2', [[0xB0, 44, 127], [0xB0, 44, 0]], "snapshot 2 stored"),
    "cc = 45": ('action = "recall"\nslot = 1', [[0xB0, 45, 127], [0xB0, 45, 0]], "snapshot 1 ("),
    "cc = 46": ('action = "undo"', [[0xB0, 46, 127], [0xB0, 46, 0]], "undo ("),
}


class Listener:
    """OSC to a session, and what it says that moves."""

    def __init__(self, live: LiveProcess) -> None:
        live.wait_for("OSC on 127.0.0.1:")
        self._to = ("127.0.0.1", int(live.said.split("OSC on 127.0.0.1:")[1].split()[0]))
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(0.05)
        self.stands: dict[str, float] = {}
        self.errors: list[str] = []

    def send(self, address: str, *values: Any) -> None:
        self._socket.sendto(message(address, *values).dgram, self._to)

    def items(self) -> list[tuple[Any, ...]]:
        """What a query lists."""
        self.send("/tsumami/query")
        found: list[tuple[Any, ...]] = []
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            for each in self._heard():
                if each.address == "/tsumami/query/end":
                    assert len(found) == each.values[0]
                    return found
                if each.address == "/tsumami/query/item":
                    found.append(each.values)
        raise AssertionError("the query was not answered")

    def until(self, condition: Callable[[], bool], act: Callable[[], None] | None = None) -> bool:
        """Hear what moves until a condition, acting again and again; whether it came in time."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                return False
            if act is not None:
                act()
            self.send("/tsumami/subscribe")
            for each in self._heard():
                if each.address == "/tsumami/error":
                    self.errors += each.values
                elif len(each.values) == 1:
                    self.stands[each.address] = each.values[0]
        return True

    def _heard(self) -> Iterator[Request]:
        try:
            yield from read_packet(self._socket.recv(65_536))
        except TimeoutError:
            return

    def close(self) -> None:
        self._socket.close()


def _session(path: Path) -> Path:
    maps = [f"[[map]]\n{source}\n{target}\n" for source, target, *_ in KNOBS]
    maps += [f"[[map]]\n{source}\n{target}\n" for source, (target, *_) in BUTTONS.items()]
    path.write_text(SESSION + "\n".join([*maps, "[[map]]\ncc = 47\nmorph = [1, 2]\n"]))
    return path


def _play(keys: Any, messages: Bytes) -> None:
    for each in messages:
        keys.send_message(each)


def _assert_knob_moves(
    keys: Any, listener: Listener, source: str, place: str, messages: Bytes, position: float
) -> None:
    address = f"/tsumami/{place}"

    def stands() -> bool:
        return listener.stands.get(address) == pytest.approx(position, abs=2e-3)

    moves = listener.until(stands, lambda: _play(keys, messages))
    assert moves, f"{source} has moved {address} to {listener.stands.get(address)}, not to {position}"


def _assert_button_does(
    keys: Any, listener: Listener, live: LiveProcess, source: str, messages: Bytes, said: str
) -> None:
    done = listener.until(lambda: said in live.said, lambda: _play(keys, messages))
    assert done, f"{source} has not made it say {said!r}: {live.said}"


@pytest.mark.slow
def test_everything_moves_by_everything(
    jack_server: JackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = _session(tmp_path / "show.toml")
    with running_live(str(path), "--no-demo") as live, keyboard(jack_server) as keys:
        listener = Listener(live)
        for source, _, place, messages, position in KNOBS:
            _assert_knob_moves(keys, listener, source, place, messages, position)
        for source, (_, messages, said) in BUTTONS.items():
            _assert_button_does(keys, listener, live, source, messages, said)
        _assert_all_addresses_move(listener)
        listener.close()
        summary = live.end(signal.SIGINT)
    assert summary["osc"]["refused"] == 0
    assert_nothing_left()


def _assert_all_addresses_move(listener: Listener) -> None:
    """Every position that the query lists goes where it is sent: what moves parameters by itself first."""
    items = listener.items()
    kinds = {address.split("/")[2] for address, *_ in items}
    assert {"macro", "latent", "parameter", "loop", "repair", "groove", "gain", "tempo", "morph"} <= kinds
    assert {"snapshot", "panic", "undo", "redo", "lock", "learn", "note", "patch", "start", "stop"} <= kinds
    assert all(low <= high for _, types, low, high, *_ in items if types)
    positions = [address for address, types, low, high, *_ in items if (types, low, high) == ("f", 0.0, 1.0)]
    assert len(positions) > 80
    parameters = [address for address in positions if "/parameter/" in address]
    _assert_they_go(listener, [address for address in positions if address not in parameters], 1e-3)
    _assert_they_go(listener, parameters, _STEP)
    assert listener.errors == []


def _assert_they_go(listener: Listener, addresses: list[str], step: float) -> None:
    listener.stands = dict.fromkeys(addresses, math.nan)

    def astray() -> list[str]:
        """What does not stand where it was sent, or as near as one of few values can."""
        return [address for address in addresses if not abs(listener.stands[address] - _SENT) <= step]

    def send() -> None:
        for address in astray():
            listener.send(address, _SENT)

    assert listener.until(lambda: not astray(), send), astray()
