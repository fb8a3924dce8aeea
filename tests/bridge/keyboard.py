"""A MIDI keyboard of the tests: a port of a JACK server that plays a live session."""

import contextlib
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.bridge.live_process import LiveProcess
from tests.jack import JackServer
from tsumami.bridge.midi import choose_api

_DEADLINE_SECONDS = 10.0


@contextlib.contextmanager
def keyboard(server: JackServer) -> Iterator[Any]:
    """A MIDI output connected to the session's virtual port."""
    rtmidi = import_module("rtmidi")
    choose_api("jack")
    keys = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="test-keys")
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not (found := [n for n, port in enumerate(keys.get_ports()) if port.startswith("tsumami:")]):
        assert time.monotonic() < deadline, server.ports()
        time.sleep(0.01)
    keys.open_port(found[0], "out")
    try:
        yield keys
    finally:
        keys.close_port()
        keys.delete()


def send_until_heard(keys: Any, live: LiveProcess, log: Path, message: list[int], words: str) -> None:
    """JACK drops what is sent in the cycle of a connection or of an xrun, so send until the log has it."""

    def is_heard() -> bool:
        keys.send_message(message)
        time.sleep(0.01)
        return words in log.read_text()

    live.until(is_heard, f"{words} did not arrive")
