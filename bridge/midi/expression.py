"""MIDI Polyphonic Expression: what a finger does to its own note (MPE 1.0, lower zone).

Channel 1 is for all notes, and each of 2-16 for the notes that it carries: pitch bend, pressure and control
change 74 of such a channel mean those notes alone, and what has come before a note is its beginning.
"""

from dataclasses import dataclass
from typing import Final

from tsumami.bridge.midi.parser import Message, Status
from tsumami.engine.events import Kind

MEMBERS: Final = range(1, 16)
"""Channels 0-15 that carry notes of their own expression."""
_CC_SLIDE: Final = 74
_BEND_CENTRE: Final = 8192
_SLIDE_CENTRE: Final = 64

_Change = tuple[Kind, int, float]


@dataclass(slots=True)
class _Finger:
    """Where the dimensions of a channel stand."""

    semitones: float = 0.0
    slide: float = 0.0
    pressure: float = 0.0

    def changes(self, note: int) -> list[_Change]:
        """What the note has to be told."""
        return [
            (Kind.NOTE_BEND, note, self.semitones),
            (Kind.NOTE_SLIDE, note, self.slide),
            (Kind.PRESSURE, note, self.pressure),
        ]


class Expression:
    """The dimensions of a zone whose bends reach ``semitones`` up and down."""

    def __init__(self, semitones: float) -> None:
        self._semitones = semitones
        self._fingers = {channel: _Finger() for channel in MEMBERS}

    def begin(self, channel: int, note: int) -> list[_Change]:
        """What comes before a note on of a channel 0-15, so that it begins where the finger is."""
        finger = self._fingers.get(channel)
        return [] if finger is None else finger.changes(note)

    def move(self, message: Message, held: set[tuple[int, int]]) -> list[_Change] | None:
        """What a message does to the ``held`` notes, (channel, note); None of one that is no finger's."""
        finger = self._fingers.get(message.channel)
        if finger is None:
            return None
        notes = sorted(note for channel, note in held if channel == message.channel)
        match message.status:
            case Status.PITCH_BEND:
                steps = (message.data2 << 7 | message.data1) - _BEND_CENTRE
                finger.semitones = self._semitones * steps / (_BEND_CENTRE - (steps > 0))
                return [(Kind.NOTE_BEND, note, finger.semitones) for note in notes]
            case Status.CHANNEL_PRESSURE:
                finger.pressure = message.data1 / 127
                return [(Kind.PRESSURE, note, finger.pressure) for note in notes]
            case Status.CONTROL_CHANGE if message.data1 == _CC_SLIDE:
                steps = message.data2 - _SLIDE_CENTRE
                finger.slide = steps / (_SLIDE_CENTRE - (steps > 0))
                return [(Kind.NOTE_SLIDE, note, finger.slide) for note in notes]
            case _:
                return None
