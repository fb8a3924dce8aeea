"""All MIDI inputs of a session, read by one thread and watched for plugging by another."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Literal, Self

from tsumami.bridge.mapping import Mapping, Target
from tsumami.bridge.mapping.takeover import Apart, Where
from tsumami.bridge.midi.clock_messages import ClockMessages
from tsumami.bridge.midi.decode import Decoder
from tsumami.bridge.midi.membership import Membership
from tsumami.bridge.midi.parser import Message
from tsumami.bridge.midi.port import Echoes, InputPort
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
from tsumami.bridge.session.tables import Midi
from tsumami.engine.errors import DeviceError
from tsumami.engine.events import Events
from tsumami.engine.priority import answer_hands

_READ_SECONDS = 0.001
_PortKey = tuple[str, int]  # name, and how many of that name stand before it
_Fate = Literal["came", "went"]


@dataclass(frozen=True, slots=True)
class PortChange:
    """News of one port; ``str()`` is a sentence to show."""

    name: str
    state: Literal["open", "gone", "refused"]

    def __str__(self) -> str:
        words = {
            "open": "is open",
            "gone": "is gone",
            "refused": "cannot be opened; another program may hold it",
        }
        return f"MIDI input {self.name!r} {words[self.state]}"


class MidiInputs:
    """Opens the session's MIDI inputs and hands their events to ``sink``, until `close`.

    ``sink`` takes arrays of `EVENT_DTYPE` with `stamp_ns` set and is only ever called from one
    thread, the reader. ``report`` is called from the watcher with each `PortChange`. Both must not
    raise. ``where`` says where targets stand, for knobs that do not jump; ``hear`` takes every message as it
    came, on the reader's thread; ``clock`` takes MIDI clock.

    Ports that come later are opened; when one goes, note offs for the notes that it holds and its pedal
    up follow, and likewise for all ports at `close`. When a JACK server dies all its ports go; when there
    is one again, they come back.

    The reader takes messages out of RtMidi's own queues every millisecond. RtMidi's callback would
    run Python inside JACK's process thread, where waiting for the interpreter's lock holds up the
    whole audio graph.

    Limit: who is connected to the virtual port is not known, so a program that dies there with a key
    down leaves the note on.
    """

    def __init__(
        self,
        midi: Midi,
        mapping: Mapping,
        sink: Callable[[Events], None],
        report: Callable[[PortChange], None] | None = None,
        *,
        where: Where | None = None,
        hear: Callable[[Message], None] | None = None,
        clock: ClockMessages | None = None,
        watch_seconds: float = 1.0,
    ) -> None:
        self._midi = midi
        self._mapping = mapping
        self._sink = sink
        self._report = report if report is not None else _ignore
        self._where, self._hear, self._clock = where, hear, clock
        self._watch_seconds = watch_seconds
        self._echoes = Echoes()
        self._news: SimpleQueue[tuple[InputPort, _Fate]] = SimpleQueue()
        self._watched: dict[_PortKey, InputPort | None] = {}  # None: refused to open
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lister: Any = None
        self._membership: Membership | None = None
        self._virtual: InputPort | None = None
        self.api = ""
        """The MIDI system in use, once open."""

    def open(self) -> None:
        """Open what there is and start listening; raises `NoMidiError` if MIDI does not run."""
        self.api = choose_api(self._midi.api)
        try:
            self._join()
        except DeviceError:
            self.close()
            raise
        self._begin()

    def wait(self) -> None:
        """Start listening as soon as there is a MIDI system, after `open` has found none."""
        self._stop.clear()
        self._begin()

    def _begin(self) -> None:
        """Start the reader and the watcher."""
        self._threads = [
            threading.Thread(target=self._read, name="tsumami-midi", daemon=True),
            threading.Thread(target=self._watch, name="tsumami-midi-watch", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop listening, release held notes and close all ports."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if not self._threads:
            self._read()  # closes what `open` had opened when it failed
        self._threads.clear()
        self._watched.clear()
        self._leave()

    def remap(self, mapping: Mapping) -> None:
        """Go by another mapping from now on."""
        self._mapping = mapping
        for port in (self._virtual, *list(self._watched.values())):
            if port is not None:
                port.decoder.remap(mapping)

    def distances(self) -> dict[Target, Apart]:
        """How far knobs have to turn until they take their targets over, of all ports."""
        ports = (self._virtual, *list(self._watched.values()))
        return {
            target: apart
            for port in ports
            if port is not None
            for target, apart in port.decoder.distances().items()
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the ports that are open now; the virtual port is first."""
        ports = (self._virtual, *list(self._watched.values()))
        return tuple(port.name for port in ports if port is not None)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _join(self) -> None:
        """Become a client of the MIDI system, and open what there is."""
        self._membership = Membership(self.api)
        if self._midi.virtual and has_virtual_ports(self.api):  # first: it is the client with the plain name
            self._virtual = self._open_input(CLIENT_NAME, open_virtual_port(self.api), virtual=True)
        self._lister = open_client(self.api, f"{CLIENT_NAME}-watch")
        self._compare()

    def _leave(self) -> None:
        """Be a client no more; the ports are given back by the reader."""
        if self._membership is not None:
            if self._lister is not None:
                self._membership.give_back(self._lister)
            self._membership.leave()
        self._membership = self._lister = self._virtual = None

    def _look(self) -> None:
        """Open the wanted ports that have come, and give up those that have gone, or the system with them."""
        membership = self._membership
        if membership is None:
            self._return()
        elif not membership.is_alive:
            self._lose()
        else:
            membership.tidy()
            self._compare()

    def _lose(self) -> None:
        """Give all ports up: the server has died, and they with it."""
        for port in (self._virtual, *self._watched.values()):
            if port is not None:
                self._news.put((port, "went"))
                self._report(PortChange(port.name, "gone"))
        self._watched.clear()
        self._leave()

    def _return(self) -> None:
        """Join the MIDI system that has come, the first or in the place of one that died, if there is one."""
        try:
            self.api = self.api or choose_api(self._midi.api)
            self._join()
        except DeviceError:  # there is none yet
            self._lose()
            return
        if self._virtual is not None:
            self._report(PortChange(self._virtual.name, "open"))

    def _compare(self) -> None:
        """Open the wanted ports that have come, and give up those that have gone."""
        present = _keys(self._lister.get_ports())
        for key in [key for key in self._watched if key not in present]:
            port = self._watched.pop(key)
            if port is not None:
                self._news.put((port, "went"))
                self._report(PortChange(port.name, "gone"))
        for number, key in enumerate(present):
            if key not in self._watched and self._wants(key[0]):
                port = self._open_port(number, key[0])
                self._watched[key] = port
                self._report(PortChange(key[0], "refused" if port is None else "open"))

    def _wants(self, name: str) -> bool:
        """Whether to open a port: never one of ours, and what is played to only when it is asked for.

        A synthesizer that says by MIDI how it was set would turn the knobs that set it.
        """
        if is_own(name):
            return False
        wanted, played_to = self._midi.inputs, self._midi.output
        if not wanted:
            return played_to is None or played_to.casefold() not in name.casefold()
        return any(part.casefold() in name.casefold() for part in wanted)

    def _open_port(self, number: int, name: str) -> InputPort | None:
        try:
            client = open_port(self.api, number)
        except DeviceError:
            return None
        return self._open_input(name, client, virtual=False)

    def _open_input(self, name: str, client: Any, *, virtual: bool) -> InputPort:
        """Let the reader have a port."""
        assert self._membership is not None, "a port is opened by who has joined"
        if self._clock is not None:
            hear_clock(client)
        port = InputPort(
            name,
            client,
            Decoder(self._mapping, self._where, self._hear),
            self._echoes,
            self._membership,
            virtual=virtual,
            clock=self._clock,
        )
        self._news.put((port, "came"))
        return port

    def _watch(self) -> None:
        """Body of the watcher thread."""
        while not self._stop.wait(self._watch_seconds):
            self._look()

    def _read(self) -> None:
        """Body of the reader thread, the only one that calls the sink."""
        answer_hands()
        ports: list[InputPort] = []
        while not self._stop.is_set():
            self._take_news(ports)
            handed_on = [self._hand_on(port.read()) for port in ports]
            if not any(handed_on):
                time.sleep(_READ_SECONDS)
        self._take_news(ports)
        for port in ports:
            self._hand_on(port.close())

    def _take_news(self, ports: list[InputPort]) -> None:
        while True:
            try:
                port, fate = self._news.get_nowait()
            except Empty:
                return
            if fate == "came":
                ports.append(port)
            else:
                ports.remove(port)
                self._hand_on(port.close())

    def _hand_on(self, events: Events) -> bool:
        """Give events to the sink; says whether there were any."""
        if len(events):
            self._sink(events)
        return len(events) > 0


def _keys(names: Sequence[str]) -> list[_PortKey]:
    """Keys of the listed ports, in their order; equal names are counted."""
    seen: Counter[str] = Counter()
    keys = []
    for name in names:
        keys.append((name, seen[name]))
        seen[name] += 1
    return keys


def _ignore(_change: PortChange) -> None:
    pass
