"""Where a control event goes: straight to the audio thread, or through the macros."""

from collections.abc import Callable

import numpy as np

from tsumami.bridge.mapping import Positions
from tsumami.bridge.mapping.command import command_of
from tsumami.bridge.session.programs import PresetPrograms, Programs
from tsumami.bridge.state.state import State
from tsumami.bridge.tempo.tempo import COMMANDS, Tempo
from tsumami.engine import EngineClient
from tsumami.engine.events import THROUGH_MACROS, Events, Kind

_NOT_FOR_THE_ENGINE = (Kind.COMMAND, Kind.MORPH, Kind.TEMPO, Kind.GROOVE)
_PRESSED = 0.5
"""From where on a button is pressed."""


class Router:
    """Sends each kind of event to the part of the engine that is due to it; any thread may call it.

    Notes, pedals, bends and gain go to the audio thread; knobs and edits to the inference thread; a
    PATCH event chooses from ``programs`` (out of range is ignored: a program change beyond the bank), and
    ``report`` hears the name of what it chose. An external synthesizer, when there is
    one, gets all events before the engine does.
    """

    def __init__(
        self, client: EngineClient, programs: Programs, report: Callable[[str], None] | None = None
    ) -> None:
        self._client = client
        self._logs_programs = isinstance(programs, PresetPrograms)
        self._programs = programs
        self._report = report
        self.forward: Callable[[Events], None] | None = None
        """Where events go as well: `tsumami.bridge.midi.MidiOutput.play`."""
        self.state: State | None = None
        """What hears of moves before they are made, and does what COMMAND events ask."""
        self.tempo: Tempo | None = None
        """What TEMPO events and COMMAND events of the tempo are for."""
        self.groove: Callable[[int, float], None] | None = None
        """What GROOVE events are for: it takes their index and value."""
        self.positions = Positions(client.memory.meters["parameters"])
        """Where what was moved stands."""
        self.refused = 0
        """Events lost because a ring was full: the engine is down or far behind."""

    def __call__(self, events: Events) -> None:
        """Route events in order of their kind."""
        is_ours = np.isin(events["kind"], _NOT_FOR_THE_ENGINE)
        moves = events[~is_ours]
        if len(moves):
            if self.state is not None:
                self.state.note(moves)
            self.route(moves)
        self.positions.note(events[is_ours])
        for item in events[is_ours]:
            kind, index, value = Kind(int(item["kind"])), int(item["index"]), float(item["value"])
            if kind is Kind.TEMPO and self.tempo is not None:
                self.tempo.set_bpm(value)
            elif kind is Kind.MORPH and self.state is not None:
                self.state.morph(index, value)
            elif kind is Kind.GROOVE and self.groove is not None:
                self.groove(index, value)
            elif kind is Kind.COMMAND and value >= _PRESSED:
                self._do(index, int(item["stamp_ns"]))

    def _do(self, index: int, stamp_ns: int) -> None:
        """Hand a COMMAND event's index to who does it."""
        command, _ = command_of(index)
        if command in COMMANDS:
            if self.tempo is not None:
                self.tempo.do(command, stamp_ns)
        elif self.state is not None:
            self.state.do(index)

    def route(self, events: Events) -> None:
        """Send events on their way without a word to the state: they come from it."""
        if (forward := self.forward) is not None:
            forward(events)
        self.positions.note(events)
        kinds = events["kind"]
        through_macros = np.isin(kinds, THROUGH_MACROS)
        is_patch = kinds == Kind.PATCH
        for item in events[is_patch]:
            name = self._programs.load(int(item["index"]))
            if name is not None and self._report is not None:
                self._report(name)
        # A plugin's program changes are for the log: what they do is not seen in its parameter events.
        is_direct = ~through_macros if self._logs_programs else ~(through_macros | is_patch)
        moves, direct = events[through_macros], events[is_direct]
        if len(moves) and not self._client.move(moves):
            self.refused += len(moves)
        if len(direct) and not self._client.send(direct):
            self.refused += len(direct)
