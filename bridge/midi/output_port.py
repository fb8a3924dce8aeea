"""The MIDI output port of a session: found by its name, waited for, and found again when it comes back."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from tsumami.bridge.midi.parser import Status
from tsumami.bridge.midi.system import (
    CLIENT_NAME,
    choose_api,
    close_client,
    connect,
    has_virtual_ports,
    is_own,
    offer,
    open_output_client,
    send,
)
from tsumami.bridge.session_tables import Midi
from tsumami.engine.errors import DeviceError

_CC_SUSTAIN, _CC_ALL_NOTES_OFF = 64, 123


class OutputPort:
    """Sends to the first port whose name has ``midi.output`` in it, or offers a port of its own.

    `send` may be called from any thread, the rest from one. ``report`` hears in one sentence what became
    of the port, and that ``freight`` goes there. Messages for a port that is not
    there are dropped: their time is over when it comes.
    """

    def __init__(self, midi: Midi, freight: str, report: Callable[[str], None]) -> None:
        self._midi = midi
        self._freight = freight
        self._report = report
        self._lock = threading.Lock()  # RtMidi's outputs take one writer
        self._client: Any = None
        self._sounding: set[tuple[int, int]] = set()  # (channel, note)
        self._played: set[int] = set()  # channels that notes went to
        self._refused = ""
        self.api = ""
        """The MIDI system in use, once open."""
        self.name = ""
        """Name of the connected port, empty while there is none."""
        self.connections = 0
        """How often it has been connected: whoever keeps what the other side knows begins anew."""
        self.sent = 0
        """Messages since the beginning."""

    def open(self) -> None:
        """Connect, or say that the port is waited for; raises `DeviceError` if MIDI does not run."""
        self.api = choose_api(self._midi.api)
        if self._midi.output is None:
            self._offer()
            return
        self._client = open_output_client(self.api)
        self.look()
        if not self.name:
            there = ", ".join(self._ports()) or "none"
            self._report(f"no MIDI output {self._midi.output!r}: waiting for it (there are: {there})")

    def look(self) -> None:
        """Connect the port if it has come; give it up if it has gone."""
        wanted = self._midi.output
        if wanted is None:
            return
        names: list[str] = self._client.get_ports()
        if self.name:
            if self.name not in names:
                self._lose()
            return
        for number, name in enumerate(names):
            if wanted.casefold() in name.casefold() and not is_own(name):
                self._connect(number, name)
                return

    def send(self, messages: Iterable[bytes]) -> None:
        """Send channel messages at once; the notes that sound are kept in mind."""
        with self._lock:
            if not self.name:
                return
            try:
                for message in messages:
                    send(self._client, message)
                    self._remember(message)
                    self.sent += 1
            except DeviceError:  # `look` will find it gone
                return

    def close(self) -> None:
        """Let go of every note and pedal there, and of the port."""
        if self._client is None:
            return
        self.send([bytes((Status.NOTE_OFF | channel, note, 0)) for channel, note in sorted(self._sounding)])
        for channel in sorted(self._played):
            for cc in (_CC_SUSTAIN, _CC_ALL_NOTES_OFF):
                self.send([bytes((Status.CONTROL_CHANGE | channel, cc, 0))])
        with self._lock:
            self.name = ""
            close_client(self._client)
            self._client = None

    def _offer(self) -> None:
        if not has_virtual_ports(self.api):
            raise DeviceError(
                f"midi.output must name a port on {self.api}, which has no virtual ones, got none"
            )
        client = open_output_client(self.api)
        try:
            offer(client)
        except DeviceError as error:
            close_client(client)
            raise DeviceError(
                f"midi.output must name a port on {self.api}, which refuses a virtual one ({error})"
            ) from None
        self._client = client
        self._connected(CLIENT_NAME, "is offered to other programs")

    def _ports(self) -> list[str]:
        return [name for name in self._client.get_ports() if not is_own(name)]

    def _connect(self, number: int, name: str) -> None:
        try:
            connect(self._client, number)
        except DeviceError:
            if self._refused != name:
                self._report(f"MIDI output {name!r} cannot be opened; another program may hold it")
            self._refused = name
            return
        self._connected(name, "is open")

    def _connected(self, name: str, words: str) -> None:
        self._refused = ""
        self.connections += 1
        self.name = name
        self._report(f"MIDI output {name!r} {words}: {self._freight} go there")

    def _lose(self) -> None:
        with self._lock:
            lost, self.name = self.name, ""
            self._sounding.clear()
            self._played.clear()
            self._client.close_port()
        self._report(f"MIDI output {lost!r} is gone: waiting for it")

    def _remember(self, message: bytes) -> None:
        status, channel = message[0] & 0xF0, message[0] & 0x0F
        if status == Status.NOTE_ON:
            self._sounding.add((channel, message[1]))
            self._played.add(channel)
        elif status == Status.NOTE_OFF:
            self._sounding.discard((channel, message[1]))
