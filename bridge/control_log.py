"""The control log: what moved in a live session and at which sample, as JSON Lines.

The first line is the `LogHeader`; then come the events in the order in which the audio thread
applied them, one line each, with the parameters of one sample time together; the last line says
where the session ended. A session that crashed leaves all lines up to then.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import numpy as np

from tsumami.bridge.control_log_lines import LogEnd, LogHeader, LogLine, Row, lines_of, rows_of
from tsumami.bridge.session.errors import nearest
from tsumami.engine.errors import SessionError
from tsumami.engine.events import EVENT_DTYPE, Events

__all__ = ["ControlLog", "ControlLogWriter", "LogHeader", "read_control_log"]

_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class ControlLogWriter:
    """Writes a log to ``path``; what is written has reached the file when `write` returns.

    Raises `SessionError` when the file cannot be made, and once when it can no longer be written
    (a full disk): the log then stays as it is, and further calls do nothing.
    """

    def __init__(self, path: Path, header: LogHeader) -> None:
        self._path = path
        self._header = header
        self._encoder = msgspec.json.Encoder()
        try:
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise self._refusal(error) from None
        self._put([header])

    def write(self, events: Events) -> None:
        """Append events (`EVENT_DTYPE`, absolute sample times, in the order in which they applied)."""
        if len(events):
            self._put(lines_of(events, self._header.parameters, self._header.macros))

    def close(self, *, end: int, blocks: int) -> None:
        """Write the last line: length of the session in samples and its number of audio blocks."""
        self._put([LogEnd(end=end, blocks=blocks)])
        self._file.close()

    def _put(self, lines: Sequence[msgspec.Struct]) -> None:
        if self._file.closed:
            return
        try:
            self._file.write(self._encoder.encode_lines(lines))
        except OSError as error:
            self._file.close()
            raise self._refusal(error) from None

    def _refusal(self, error: OSError) -> SessionError:
        return SessionError(f"log must be a file that can be written, got {self._path} ({_why(error)})")


class ControlLog(NamedTuple):
    """A log that was read."""

    header: LogHeader
    events: Events
    """All events, sorted by their absolute sample `time`; `stamp_ns` is 0."""
    end: int
    """Length of the session in samples; of an incomplete log, the time of its last event."""
    is_complete: bool
    """False when the session crashed: its last line is cut off, or there is no end."""


def read_control_log(path: Path, *, parameters: Sequence[str] | None = None) -> ControlLog:
    """The log at ``path``; raises `SessionError` with file and line.

    ``parameters`` is the parameter table of the instrument that is to play it: events get its
    rows. Without it they have the rows of the log's own table.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SessionError(f"log must be a readable file, got {path} ({_why(error)})") from None
    lines = data.split(b"\n")
    cut_off = lines.pop() != b""  # a whole line ends in a newline, so what is left over is not one
    if not lines:
        raise SessionError(f"{path}:1: log must start with its header, got no whole line")
    header = _decode(lines[0], LogHeader, path, 1)
    table = {name: row for row, name in enumerate(header.parameters if parameters is None else parameters)}
    macros = {name: row for row, name in enumerate(header.macros)}
    rows: list[Row] = []
    end: LogEnd | None = None
    for number, line in enumerate(lines[1:], start=2):
        if end is not None:
            raise SessionError(f"{path}:{number}: log must stop after its end, got another line")
        if line.startswith(b'{"end"'):
            end = _decode(line, LogEnd, path, number)
            continue
        try:
            rows += rows_of(_decode(line, LogLine, path, number), table, macros)
        except KeyError as error:
            name = error.args[0]
            hint = nearest(name, [*table, *macros])
            message = f"parameter or macro must be one that the instrument has, got {name!r}{hint}"
            raise SessionError(f"{path}:{number}: {message}") from None
    events = np.array(rows, EVENT_DTYPE)
    events = events[np.argsort(events["time"], kind="stable")]
    last = int(events["time"][-1]) if len(events) else 0
    return ControlLog(header, events, last if end is None else end.end, end is not None and not cut_off)


def _decode(line: bytes, kind: type[_Struct], path: Path, number: int) -> _Struct:
    try:
        return msgspec.json.decode(line, type=kind)
    except msgspec.DecodeError as error:
        reason = str(error).replace(" - at `$`", "")
        raise SessionError(f"{path}:{number}: line must be one of a control log, got: {reason}") from None


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
