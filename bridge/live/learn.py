"""MIDI learn while playing: an address waits for a knob, and has it from then on."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tsumami.bridge.learn import add_map
from tsumami.bridge.mapping import Mapping, Place
from tsumami.bridge.mapping.address import addresses_of
from tsumami.bridge.midi.learner import Learner
from tsumami.bridge.midi.parser import Message
from tsumami.bridge.session.map_tables import Map
from tsumami.bridge.session.setup import Setup
from tsumami.engine.errors import SessionError


class LiveLearn:
    """Adds maps to a session that plays, and to its file at ``path`` if it has one.

    ``remap`` takes the mapping with them. `hear` is for the MIDI thread, `follow` for the main loop.
    """

    def __init__(
        self,
        setup: Setup,
        macros: Sequence[str],
        path: Path | None,
        remap: Callable[[Mapping], None],
        tell: Callable[[str], None],
    ) -> None:
        self._setup, self._macros, self._path = setup, macros, path
        self._remap, self._tell = remap, tell
        targets = setup.targets(macros)
        self._places = dict(zip(addresses_of(targets), targets, strict=True))
        self._learner = Learner()
        self._wanted = ""
        self._others: list[str] = []  # that moved together last

    @property
    def wanted(self) -> str:
        """The address that waits for a knob; none where it is empty."""
        return self._wanted

    @property
    def maps(self) -> Sequence[Map]:
        """The session's, with those that were learned."""
        return self._setup.session.maps

    def begin(self, address: str) -> None:
        """Let an address wait for a knob, or none where it is empty; raises `ValueError` for no address."""
        if address and address not in self._places:
            raise ValueError(f"what is learned must be an address of a target, got {address}")
        self._learner.forget()
        self._wanted, self._others = address, []
        self._tell(f"turn the knob that is to move {address}" if address else "no knob is waited for")

    def hear(self, message: Message) -> None:
        """Take in what a controller says."""
        if self._wanted:
            self._learner.hear(message)

    def follow(self) -> None:
        """Map the knob, once one was turned."""
        if not self._wanted:
            return
        if others := self._learner.others():
            self._complain(others)
            self._learner.forget()
        learned = self._learner.learned()
        if learned is None:
            return
        address, self._wanted = self._wanted, ""
        entry = {**learned.fields, **fields_of(self._places[address])}
        session = self._setup.session
        session = msgspec.structs.replace(session, maps=[*session.maps, msgspec.convert(entry, Map)])
        self._setup = dataclasses.replace(self._setup, session=session)
        self._remap(self._setup.mapping(self._macros))
        self._tell(f"{learned.label} moves {address}{self._kept(entry)}")

    def _complain(self, others: list[str]) -> None:
        """Say that it is not clear which knob is meant: once, until other ones move."""
        if others != self._others:
            self._others = others
            self._tell(f"more than one knob moves: {', '.join(others)}; let go, and turn one")

    def _kept(self, entry: dict[str, Any]) -> str:
        if self._path is None:
            return ", for this session: it has no file"
        try:
            add_map(self._path, entry)
        except SessionError as error:
            return f", for this session: {error}"
        return f", and is in {self._path.name}"


def fields_of(place: Place) -> dict[str, Any]:
    """What a map says of a target at a place."""
    match place:
        case ("macro", name):
            return {"macro": name}
        case ("parameter", name):
            return {"parameter": name}
        case ("effect", effect, "parameter", name):
            return {"effect": effect, "parameter": name}
        case ("effect", effect, "bypass"):
            return {"effect": effect, "bypass": True}
        case ("latent", number):
            return {"latent": int(number)}
        case (("loop" | "repair" | "groove") as what, name):
            return {what: name}
        case (switch,):
            return {switch: True}
    raise ValueError(f"place must be one of a target, got {place}")
