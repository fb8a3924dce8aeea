"""MIDI messages as engine events: `EVENT_DTYPE` records for the rings to the audio thread."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from tsumami.bridge.mapping import Hands, Mapping, Source, Target, Turn
from tsumami.bridge.mapping.source import turn_of
from tsumami.bridge.mapping.takeover import Apart, Where
from tsumami.bridge.midi.expression import Expression
from tsumami.bridge.midi.parser import Message, Status
from tsumami.bridge.midi.registers import Registers
from tsumami.engine.events import EVENT_DTYPE, NO_EVENTS, NOW, Events, Kind

_CC_SUSTAIN = 64
_CC_ALL_SOUND_OFF = 120
_CC_RESET_CONTROLLERS = 121
_CC_ALL_NOTES_OFF = range(123, 128)  # 124-127 set a mode, and turn all notes off as well
_BEND_CENTRE, _BEND_HIGHEST = 8192, 16383

_Change = tuple[Kind, int, float]  # kind, index, value


class Decoder:
    """Turns the messages of one port into events, and knows which notes it holds down.

    A knob's messages go through the session's `Mapping`; channels that the session does not listen
    to are left out. The notes that are held can be let go by `release` when the port disappears.
    ``where`` says where targets stand, for knobs that do not jump; without it all do. ``hear`` takes every
    message as it came.
    """

    def __init__(
        self,
        mapping: Mapping,
        where: Where | None = None,
        hear: Callable[[Message], None] | None = None,
    ) -> None:
        self._where, self._hear = where, hear
        self.remap(mapping)
        self._stamp_ns = 0
        self.held: set[tuple[int, int]] = set()
        """(channel, note) of every note on that no note off has followed."""
        self.sustained: set[int] = set()
        """Channels whose sustain pedal is down."""

    def remap(self, mapping: Mapping) -> None:
        """Go by another mapping; what is held stays held."""
        self._mapping = mapping
        self._registers = [Registers(channel, mapping) for channel in range(16)]
        self._hands = Hands(mapping, self._where)
        semitones = mapping.expression_semitones
        self._expression = None if semitones is None else Expression(semitones)

    def distances(self) -> dict[Target, Apart]:
        """See `Hands.distances`."""
        return self._hands.distances()

    def decode(self, messages: Iterable[Message], *, stamp_ns: int = 0, time: int = NOW) -> Events:
        """Events of ``messages``, all at ``time`` (samples, or NOW) and with ``stamp_ns``."""
        self._stamp_ns = stamp_ns
        rows = [
            (time, stamp_ns, value, index, int(kind), channel)
            for message in messages
            for channel in self._reach(message)
            for kind, index, value in self._changes(message)
        ]
        return np.array(rows, EVENT_DTYPE) if rows else NO_EVENTS

    def release(self, *, stamp_ns: int = 0, time: int = NOW) -> Events:
        """Note offs for all held notes and pedals up: what to play when the port is gone."""
        rows = [
            (time, stamp_ns, 0.0, note, int(Kind.NOTE_OFF), channel) for channel, note in sorted(self.held)
        ]
        rows += [(time, stamp_ns, 0.0, 0, int(Kind.SUSTAIN), channel) for channel in sorted(self.sustained)]
        self.held.clear()
        self.sustained.clear()
        return np.array(rows, EVENT_DTYPE) if rows else NO_EVENTS

    def _reach(self, message: Message) -> Sequence[int]:
        """Channels that a message is for: its own, or of a system message all that are in use."""
        if message.status < Status.TIME_CODE:
            return (message.channel,)
        return sorted({0, *self.sustained, *(channel for channel, _ in self.held)})

    def _changes(self, message: Message) -> list[_Change]:
        if self._hear is not None:
            self._hear(message)
        if message.status < Status.TIME_CODE and message.channel not in self._mapping.channels:
            return []
        if self._expression is not None and not self._is_mapped(message):
            moved = self._expression.move(message, self.held)
            if moved is not None:
                return moved
        handler = _HANDLERS.get(message.status)
        return [] if handler is None else handler(self, message)

    def _is_mapped(self, message: Message) -> bool:
        """Whether a knob takes a message that a finger could send."""
        sources = {
            Status.PITCH_BEND: Source("bend"),
            Status.CHANNEL_PRESSURE: Source("pressure"),
            Status.CONTROL_CHANGE: Source("cc", message.data1),
        }
        source = sources.get(message.status)
        return source is not None and self._hands.has(message.channel, source)

    def _note_on(self, message: Message) -> list[_Change]:
        if message.data2 == 0:
            return self._note_off(message)
        self.held.add((message.channel, message.data1))
        note_on = (Kind.NOTE_ON, message.data1, message.data2 / 127)
        if self._expression is None:
            return [note_on]
        return [*self._expression.begin(message.channel, message.data1), note_on]

    def _note_off(self, message: Message) -> list[_Change]:
        self.held.discard((message.channel, message.data1))
        return [(Kind.NOTE_OFF, message.data1, message.data2 / 127)]

    def _poly_pressure(self, message: Message) -> list[_Change]:
        turn = turn_of(Source("poly_pressure", message.data1), message.data2)
        if self._hands.has(message.channel, turn.source):
            return self._moves(message.channel, turn)
        return [(Kind.PRESSURE, message.data1, turn.position)]

    def _channel_pressure(self, message: Message) -> list[_Change]:
        turn = turn_of(Source("pressure"), message.data1)
        if self._hands.has(message.channel, turn.source):
            return self._moves(message.channel, turn)
        return [(Kind.PRESSURE, -1, turn.position)]

    def _program_change(self, message: Message) -> list[_Change]:
        button = Turn(Source("program", message.data1), 1.0)
        if self._hands.has(message.channel, button.source):
            return self._moves(message.channel, button)
        return [(Kind.PATCH, message.data1, 0.0)]

    def _pitch_bend(self, message: Message) -> list[_Change]:
        value = message.data2 << 7 | message.data1
        turn = Turn(Source("bend"), value / _BEND_HIGHEST)
        if self._hands.has(message.channel, turn.source):
            return self._moves(message.channel, turn)
        steps = value - _BEND_CENTRE
        return [(Kind.PITCH_BEND, 0, steps / (_BEND_CENTRE if steps < 0 else _BEND_CENTRE - 1))]

    def _control_change(self, message: Message) -> list[_Change]:
        number = message.data1
        if number == _CC_SUSTAIN:
            return self._sustain(message.channel, message.data2)
        if number == _CC_ALL_SOUND_OFF:
            return self._all_off(Kind.ALL_SOUND_OFF, message.channel)
        if number == _CC_RESET_CONTROLLERS:
            self.sustained.discard(message.channel)
            return [(Kind.PITCH_BEND, 0, 0.0), (Kind.SUSTAIN, 0, 0.0), (Kind.PRESSURE, -1, 0.0)]
        if number in _CC_ALL_NOTES_OFF:
            return self._all_off(Kind.ALL_NOTES_OFF, message.channel)
        turn = self._registers[message.channel].read(number, message.data2)
        return [] if turn is None else self._moves(message.channel, turn)

    def _moves(self, channel: int, turn: Turn) -> list[_Change]:
        return [
            (target.kind, target.index, value)
            for target, value in self._hands.move(channel, turn, self._stamp_ns)
        ]

    def _sustain(self, channel: int, value: int) -> list[_Change]:
        if value >= 64:
            self.sustained.add(channel)
            return [(Kind.SUSTAIN, 0, 1.0)]
        self.sustained.discard(channel)
        return [(Kind.SUSTAIN, 0, 0.0)]

    def _all_off(self, kind: Kind, channel: int) -> list[_Change]:
        self.held = {(other, note) for other, note in self.held if other != channel}
        if kind is Kind.ALL_NOTES_OFF:  # lifts the pedal too; ALL_SOUND_OFF leaves it down
            self.sustained.discard(channel)
        return [(kind, 0, 0.0)]

    def _reset(self, _message: Message) -> list[_Change]:
        self.held.clear()
        self.sustained.clear()
        return [(Kind.ALL_SOUND_OFF, 0, 0.0), (Kind.ALL_NOTES_OFF, 0, 0.0), (Kind.PITCH_BEND, 0, 0.0)]


_HANDLERS: dict[Status, Callable[[Decoder, Message], list[_Change]]] = {
    Status.NOTE_ON: Decoder._note_on,
    Status.NOTE_OFF: Decoder._note_off,
    Status.POLY_PRESSURE: Decoder._poly_pressure,
    Status.CHANNEL_PRESSURE: Decoder._channel_pressure,
    Status.PROGRAM_CHANGE: Decoder._program_change,
    Status.PITCH_BEND: Decoder._pitch_bend,
    Status.CONTROL_CHANGE: Decoder._control_change,
    Status.SYSTEM_RESET: Decoder._reset,
}
"""What each kind of message becomes; the others (clock, song position, SysEx) move nothing here."""
