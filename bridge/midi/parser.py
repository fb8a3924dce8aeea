"""MIDI 1.0 byte streams as messages (MIDI 1.0 Detailed Specification 4.2, appendix 2).

The protocol is the table `DATA_BYTES`. Bytes that fit nowhere are dropped, never an error: a
stream may start in the middle of a message, lose bytes, or be noise.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple


class Status(IntEnum):
    """Status bytes; those of channel messages with their channel set to 0."""

    NOTE_OFF = 0x80
    NOTE_ON = 0x90
    POLY_PRESSURE = 0xA0
    CONTROL_CHANGE = 0xB0
    PROGRAM_CHANGE = 0xC0
    CHANNEL_PRESSURE = 0xD0
    PITCH_BEND = 0xE0
    TIME_CODE = 0xF1
    SONG_POSITION = 0xF2
    SONG_SELECT = 0xF3
    TUNE_REQUEST = 0xF6
    CLOCK = 0xF8
    START = 0xFA
    CONTINUE = 0xFB
    STOP = 0xFC
    ACTIVE_SENSING = 0xFE
    SYSTEM_RESET = 0xFF


DATA_BYTES: dict[Status, int] = {
    Status.NOTE_OFF: 2,
    Status.NOTE_ON: 2,
    Status.POLY_PRESSURE: 2,
    Status.CONTROL_CHANGE: 2,
    Status.PROGRAM_CHANGE: 1,
    Status.CHANNEL_PRESSURE: 1,
    Status.PITCH_BEND: 2,
    Status.TIME_CODE: 1,
    Status.SONG_POSITION: 2,
    Status.SONG_SELECT: 1,
    Status.TUNE_REQUEST: 0,
    Status.CLOCK: 0,
    Status.START: 0,
    Status.CONTINUE: 0,
    Status.STOP: 0,
    Status.ACTIVE_SENSING: 0,
    Status.SYSTEM_RESET: 0,
}
"""How many data bytes follow each status byte. What is not here is undefined, or SysEx."""

_FIRST_SYSTEM = 0xF0
_FIRST_REAL_TIME = 0xF8


class Message(NamedTuple):
    """One complete message; ``data1`` and ``data2`` are 0-127, and 0 where the status has none."""

    status: Status
    channel: int = 0
    data1: int = 0
    data2: int = 0

    def encode(self) -> bytes:
        """Its bytes, status first; `Parser.feed` takes them back."""
        first = self.status | self.channel if self.status < _FIRST_SYSTEM else int(self.status)
        return bytes((first, self.data1, self.data2)[: 1 + DATA_BYTES[self.status]])


class Parser:
    """Turns bytes of one port, cut anywhere, into messages.

    Real-time bytes may stand inside any other message and come out before it. SysEx is skipped,
    up to its end or the next status byte. Running status holds for channel messages only and is
    cancelled by system common messages and by SysEx.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget an unfinished message and the running status."""
        self._status: Status | None = None
        self._channel = 0
        self._data: list[int] = []

    def feed(self, data: Iterable[int]) -> list[Message]:
        """Messages that are complete after these bytes (0-255 each), in their order."""
        messages: list[Message] = []
        for byte in data:
            message = self._step(byte)
            if message is not None:
                messages.append(message)
        return messages

    def _step(self, byte: int) -> Message | None:
        if byte < 0x80:
            return self._take_data(byte)
        if byte >= _FIRST_REAL_TIME:
            status = _STATUS_OF.get(byte)
            return None if status is None else Message(status)
        return self._take_status(byte)

    def _take_status(self, byte: int) -> Message | None:
        self._status = _STATUS_OF.get(byte)
        self._channel = byte & 0x0F if byte < _FIRST_SYSTEM else 0
        self._data.clear()
        return self._finish()

    def _take_data(self, byte: int) -> Message | None:
        if self._status is None:
            return None
        self._data.append(byte)
        return self._finish()

    def _finish(self) -> Message | None:
        """The message, if all of its data is there."""
        status = self._status
        if status is None or len(self._data) < DATA_BYTES[status]:
            return None
        message = Message(status, self._channel, *self._data)
        self._data.clear()
        if status >= _FIRST_SYSTEM:
            self._status = None
        return message


_STATUS_OF: dict[int, Status] = {
    byte: status
    for status in DATA_BYTES
    for byte in range(status, status + (16 if status < _FIRST_SYSTEM else 1))
}
"""The status of each status byte that is defined, SysEx apart."""
