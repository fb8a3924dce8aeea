"""The MIDI output port of a session: found by its name, waited for, and found again when it comes back."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from tsumami.bridge.midi.jack_graph import JackGraph
from tsumami.bridge.midi.membership import Membership, settled_at
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
from tsumami.bridge.session.tables import Midi
from tsumami.engine.errors import DeviceError

_CC_SUSTAIN, _CC_ALL_NOTES_OFF = 64, 123
_RETURN_SECONDS = 1.0
"""Between two looks for a JACK server in the place of one that died."""
_CONNECT_SECONDS = 0.3
"""How long a connection may take to stand: JACK makes it between two cycles, of 170 ms at the most."""


class OutputPort:
    """Sends to the first port whose name has ``midi.output`` in it, or offers a port of its own.

    `send` may be called from any thread, the rest from one. ``report`` hears in one sentence what became
    of the port, and that ``freight`` goes there. Messages for a port that is not there are dropped: their
    time is over when it comes. Under JACK a connection that somebody breaks is made again, and a server
    that died is waited for.
    """

    def __init__(self, midi: Midi, freight: str, report: Callable[[str], None]) -> None:
        self._midi = midi
        self._freight = freight
        self._report = report
        self._lock = threading.Lock()  # RtMidi's outputs take one writer
        self._client: Any = None
        self._membership: Membership | None = None
        self._closes_at: float | None = None  # the port, if it is lost and still open
        self._target = ""  # port that is connected, or about to be
        self._connected_at = 0.0
        self._returned_at = 0.0
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
        """Connect, or say that the port is waited for; raises `NoMidiError` if MIDI does not run.

        After that `look` goes on looking for it.
        """
        self.api = choose_api(self._midi.api)
        self._join()
        if self._midi.output is None:
            return
        self.look()
        while self._target and not self.name:
            time.sleep(0.005)
            self.look()
        if not self.name:
            there = ", ".join(name for name in self._ports() if not is_own(name)) or "none"
            self._report(f"no MIDI output {self._midi.output!r}: waiting for it (there are: {there})")

    def look(self) -> None:
        """Connect the port if it has come; give it up if it has gone, or JACK with it."""
        if self._client is None:
            self._return()
        elif not self._is_alive:
            self._lose()
            self._leave()
        elif self._midi.output is None:
            return
        elif self._closes_at is not None:
            self._close_port(self._closes_at)
        elif not self._target:
            self._find(self._midi.output)
        elif self._target not in self._ports():
            self._lose()
        elif self._is_played:
            if not self.name:
                self._connected(self._target, "is open")
        elif self.name or time.monotonic() - self._connected_at > _CONNECT_SECONDS:
            self._lose()

    def send(self, messages: Iterable[bytes]) -> None:
        """Send channel messages at once; the notes that sound are kept in mind."""
        with self._lock:
            # RtMidi would wait for ever on a JACK server that has died, and all of Python with it.
            if not self.name or not self._is_alive:
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
        self.name = ""
        self._leave()

    @property
    def _is_alive(self) -> bool:
        """Whether the MIDI system runs."""
        return self._membership is not None and self._membership.is_alive

    @property
    def _graph(self) -> JackGraph | None:
        return None if self._membership is None else self._membership.graph

    @property
    def _is_played(self) -> bool:
        """Whether the connection stands, as far as the system tells."""
        return self._graph is None or self._graph.is_played(self._target)

    def _join(self) -> None:
        """Become a client of the MIDI system."""
        self._membership = Membership(self.api)
        try:
            if self._midi.output is None:
                self._offer()
            else:
                self._client = open_output_client(self.api)
        except DeviceError:
            self._leave()
            raise

    def _leave(self) -> None:
        """Be a client no more."""
        if self._membership is None:
            return
        with self._lock:
            if self._client is not None:
                self._membership.give_back(self._client)
            self._client, self._closes_at = None, None
        self._membership.leave()
        self._membership = None

    def _return(self) -> None:
        """Join the MIDI system that has come, the first or in the place of one that died, if there is one."""
        if time.monotonic() - self._returned_at < _RETURN_SECONDS:
            return
        self._returned_at = time.monotonic()
        with contextlib.suppress(DeviceError):  # there is none yet
            self.api = self.api or choose_api(self._midi.api)
            self._join()

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
        """The ports that there are; where the MIDI system has died there are none."""
        names: list[str] = [] if self._client is None else self._client.get_ports()
        return names

    def _find(self, wanted: str) -> None:
        for number, name in enumerate(self._ports()):
            if wanted.casefold() in name.casefold() and not is_own(name):
                self._connect(number, name)
                return

    def _connect(self, number: int, name: str) -> None:
        try:
            connect(self._client, number)
        except DeviceError:
            if self._refused != name:
                self._report(f"MIDI output {name!r} cannot be opened; another program may hold it")
            self._refused = name
            return
        self._target, self._connected_at = name, time.monotonic()
        if self._graph is None:
            self._connected(name, "is open")

    def _connected(self, name: str, words: str) -> None:
        self._refused = ""
        self.connections += 1
        self.name = name
        self._report(f"MIDI output {name!r} {words}: {self._freight} go there")

    def _lose(self) -> None:
        """Begin to look for the port again."""
        with self._lock:
            lost, self.name, self._target = self.name, "", ""
            self._sounding.clear()
            self._played.clear()
            self._closes_at = settled_at()
        if lost:
            self._report(f"MIDI output {lost!r} is gone: waiting for it")

    def _close_port(self, due: float) -> None:
        """Close what was lost, as soon as it is known that its server lives: then another can be opened."""
        if time.monotonic() >= due:
            with self._lock:
                self._client.close_port()
                self._closes_at = None

    def _remember(self, message: bytes) -> None:
        status, channel = message[0] & 0xF0, message[0] & 0x0F
        if status == Status.NOTE_ON:
            self._sounding.add((channel, message[1]))
            self._played.add(channel)
        elif status == Status.NOTE_OFF:
            self._sounding.discard((channel, message[1]))
