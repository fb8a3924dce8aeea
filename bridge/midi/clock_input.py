"""MIDI clock from outside: what any input port brings of it, with the time at which it came."""

import threading
import time
from typing import Any, Final

from tsumami.bridge.midi.clock_messages import ClockMessages
from tsumami.bridge.midi.membership import Membership
from tsumami.bridge.midi.parser import Parser
from tsumami.bridge.midi.system import (
    CLIENT_NAME,
    choose_api,
    has_virtual_ports,
    hear_clock,
    is_own,
    open_client,
    open_port,
    open_virtual_port,
)
from tsumami.engine.errors import DeviceError

_READ_SECONDS: Final = 0.001


class ClockInput:
    """Listens for MIDI clock at a port of its own, ``tsumami``, and at all others, from `open` to `close`.

    One thread reads the ports every millisecond and looks every ``look_seconds`` for those that come and go,
    with a JACK server if need be.
    """

    def __init__(self, api: str = "auto", *, look_seconds: float = 1.0) -> None:
        self._look_seconds = look_seconds
        self._wanted_api = api
        self._api = ""
        self._ports: dict[str, tuple[Any, Parser]] = {}
        self._lister: Any = None
        self._membership: Membership | None = None
        self.heard = ClockMessages()
        """What has come."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tsumami-clock", daemon=True)

    @property
    def names(self) -> tuple[str, ...]:
        """The ports that are listened to; our own is first."""
        return tuple(self._ports)

    def open(self) -> None:
        """Start listening; raises `DeviceError` where MIDI does not run."""
        self._api = choose_api(self._wanted_api)
        try:
            self._join()
        except DeviceError:
            self._leave()
            raise
        self._thread.start()

    def close(self) -> None:
        """Stop listening and give the ports back."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._leave()

    def _run(self) -> None:
        """Body of the thread."""
        looked = time.monotonic()
        while not self._stop.wait(_READ_SECONDS):
            if time.monotonic() - looked > self._look_seconds:
                self._look()
                looked = time.monotonic()
            for name, (client, parser) in self._ports.items():
                self._read(name, client, parser)

    def _read(self, name: str, client: Any, parser: Parser) -> None:
        while (packet := client.get_message()) is not None:
            stamp_ns = time.perf_counter_ns()
            for message in parser.feed(packet[0]):
                self.heard.take(name, message, stamp_ns)

    @property
    def is_alive(self) -> bool:
        """Whether the MIDI system runs and is listened to."""
        return self._membership is not None and self._membership.is_alive

    def _join(self) -> None:
        """Become a client of the MIDI system, and open what there is."""
        self._membership = Membership(self._api)
        if has_virtual_ports(self._api):
            self._add(CLIENT_NAME, open_virtual_port(self._api))
        self._lister = open_client(self._api, f"{CLIENT_NAME}-watch")
        self._compare(self._membership)

    def _leave(self) -> None:
        if self._membership is not None:
            for client in (*(client for client, _ in self._ports.values()), self._lister):
                if client is not None:
                    self._membership.give_back(client)
            self._membership.leave()
        self._ports, self._lister, self._membership = {}, None, None

    def _look(self) -> None:
        """Open ports that have come and give up those that have gone, or the system with them."""
        if self._membership is not None and self._membership.is_alive:
            self._membership.tidy()
            self._compare(self._membership)
            return
        self._leave()
        try:
            self._join()
        except DeviceError:  # there is none yet
            self._leave()

    def _compare(self, membership: Membership) -> None:
        present = self._lister.get_ports()
        for name in set(self._ports) - {CLIENT_NAME, *present}:
            membership.give_back_later(self._ports.pop(name)[0])
        for number, name in enumerate(present):
            if name not in self._ports and not is_own(name):
                try:
                    self._add(name, open_port(self._api, number))
                except DeviceError:  # another program holds it, or it has just gone: looked at again
                    continue

    def _add(self, name: str, client: Any) -> None:
        hear_clock(client)
        self._ports[name] = (client, Parser())
