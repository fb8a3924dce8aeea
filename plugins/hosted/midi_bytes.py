"""Events as the MIDI messages that a plugin takes (MIDI 1.0 Detailed Specification, channel messages)."""

from collections.abc import Callable
from typing import Final

from tsumami.engine.events import Kind

_SUSTAIN, _ALL_SOUND_OFF, _ALL_NOTES_OFF = 64, 120, 123
_BEND_CENTRE, _BEND_SPAN = 8192, 8191


def _seven_bits(value: float) -> int:
    return min(max(round(value * 127), 0), 127)


def _note_on(channel: int, note: int, value: float) -> bytes:
    return bytes((0x90 | channel, note, max(1, _seven_bits(value))))  # velocity 0 would switch it off


def _note_off(channel: int, note: int, value: float) -> bytes:
    return bytes((0x80 | channel, note, _seven_bits(value)))


def _bend(channel: int, _index: int, value: float) -> bytes:
    position = min(max(_BEND_CENTRE + round(value * _BEND_SPAN), 0), 16383)
    return bytes((0xE0 | channel, position & 0x7F, position >> 7))


def _pressure(channel: int, note: int, value: float) -> bytes:
    if note < 0:
        return bytes((0xD0 | channel, _seven_bits(value)))
    return bytes((0xA0 | channel, note, _seven_bits(value)))


def _control(number: int) -> Callable[[int, int, float], bytes]:
    return lambda channel, _index, value: bytes((0xB0 | channel, number, _seven_bits(value)))


_MESSAGES: Final[dict[int, Callable[[int, int, float], bytes]]] = {
    Kind.NOTE_ON: _note_on,
    Kind.NOTE_OFF: _note_off,
    Kind.PITCH_BEND: _bend,
    Kind.PRESSURE: _pressure,
    Kind.SUSTAIN: _control(_SUSTAIN),
    Kind.CONTROL: lambda channel, number, value: bytes((0xB0 | channel, number, _seven_bits(value))),
}


def midi_messages(kind: int, channel: int, index: int, value: float) -> tuple[bytes, ...]:
    """Messages for one event; none for a kind that MIDI does not carry.

    >>> midi_messages(Kind.NOTE_ON, 0, 60, 1.0)[0].hex()
    '903c7f'
    """
    if kind == Kind.ALL_NOTES_OFF:  # the pedal too, or it would hold them
        return (_control(_SUSTAIN)(channel, 0, 0.0), _control(_ALL_NOTES_OFF)(channel, 0, 0.0))
    if kind == Kind.ALL_SOUND_OFF:
        return (_control(_ALL_SOUND_OFF)(channel, 0, 0.0),)
    message = _MESSAGES.get(kind)
    return () if message is None else (message(channel, index, value),)
