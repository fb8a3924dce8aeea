"""The lines of a control log, and how events become lines and lines become events."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tsumami.bridge.session.tables import Session
from tsumami.engine.events import EFFECT_ROWS, Events, Kind, effect_index

LOG_VERSION = 1

_Count = Annotated[int, Meta(ge=0)]
_Note = Annotated[int, Meta(ge=0, le=127)]
Row = tuple[int, int, float, int, int, int]
"""One event as a tuple in the order of `EVENT_DTYPE`."""


class LogHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """First line of a log: what it takes to play it again."""

    tsumami_log: Annotated[int, Meta(ge=LOG_VERSION, le=LOG_VERSION)] = LOG_VERSION
    sample_rate: Annotated[int, Meta(ge=1)]
    block_size: Annotated[int, Meta(ge=1)]
    session: Session
    patch: str
    started: str
    """Wall clock time of the session's start, ISO 8601."""
    parameters: list[str]
    """Names of the instrument's parameters, in the order of its table."""
    macros: list[str]
    """Names of the macros, in order."""


class LogLine(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False
):
    """One line: its sample time, its MIDI channel 0-15, and exactly one of the fields after them."""

    t: _Count
    channel: Annotated[int, Meta(ge=0, le=15)] = 0
    parameters: dict[str, float] | None = None
    note_on: tuple[_Note, float] | None = None
    note_off: tuple[_Note, float] | None = None
    pitch_bend: float | None = None
    sustain: float | None = None
    all_notes_off: bool | None = None
    all_sound_off: bool | None = None
    panic: bool | None = None
    pressure: tuple[Annotated[int, Meta(ge=-1, le=127)], float] | None = None
    macro: tuple[str, float] | None = None
    patch: _Count | None = None
    gain: float | None = None
    effect: tuple[_Count, _Count, float] | None = None
    """Number of an effect, row of its parameter, position."""
    bypass: tuple[_Count, float] | None = None
    control: tuple[Annotated[int, Meta(ge=0, le=119)], float] | None = None
    note_bend: tuple[_Note, float] | None = None
    note_slide: tuple[_Note, float] | None = None
    latent: tuple[_Count, float] | None = None
    repair: tuple[_Count, float] | None = None
    """Number of a `tsumami.engine.restoration.repair_control.RepairControl`, and its value."""
    loop: tuple[_Count, float] | None = None
    """Number of a `tsumami.engine.loops.LoopControl`, and its value."""

    def __post_init__(self) -> None:
        given = [name for name in _CONTENT if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"a line must have exactly one of {', '.join(_CONTENT)}, got {len(given)}")


class LogEnd(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Last line: length of the session in samples, and how many audio blocks it had."""

    end: _Count
    blocks: _Count


_CONTENT = LogLine.__struct_fields__[2:]
_PAIRS = frozenset(
    {
        Kind.NOTE_ON,
        Kind.NOTE_OFF,
        Kind.PRESSURE,
        Kind.BYPASS,
        Kind.CONTROL,
        Kind.NOTE_BEND,
        Kind.NOTE_SLIDE,
        Kind.LOOP,
        Kind.LATENT,
        Kind.REPAIR,
    }
)
_BARE = frozenset({Kind.ALL_NOTES_OFF, Kind.ALL_SOUND_OFF, Kind.PANIC})


def lines_of(events: Events, parameters: Sequence[str], macros: Sequence[str]) -> list[LogLine]:
    """Lines for events, in their order; neighbouring parameters of one sample time share a line."""
    lines: list[LogLine] = []
    group: dict[str, float] = {}
    place = (0, 0)

    def finish() -> None:
        nonlocal group
        if group:
            lines.append(LogLine(t=place[0], channel=place[1], parameters=group))
            group = {}

    rows: list[Row] = events.tolist()
    for time, _stamp_ns, value, index, kind, channel in rows:
        if kind != Kind.PARAMETER:
            finish()
            content = _content(Kind(kind), index, value, macros)
            lines.append(LogLine(t=time, channel=channel, **{Kind(kind).name.lower(): content}))
            continue
        if (time, channel) != place or parameters[index] in group:
            finish()
        place = (time, channel)
        group[parameters[index]] = value
    finish()
    return lines


def _content(kind: Kind, index: int, value: float, macros: Sequence[str]) -> Any:
    """What stands in the line of an event that is no parameter."""
    if kind in _PAIRS:
        return (index, value)
    if kind in _BARE:
        return True
    if kind is Kind.MACRO:
        return (macros[index], value)
    if kind is Kind.EFFECT:
        return (*divmod(index, EFFECT_ROWS), value)
    return index if kind is Kind.PATCH else value


def rows_of(line: LogLine, parameters: dict[str, int], macros: dict[str, int]) -> list[Row]:
    """Events of one line, given the rows by name; raises KeyError for a name that is not there."""
    if line.parameters is not None:
        return [
            (line.t, 0, value, parameters[name], int(Kind.PARAMETER), line.channel)
            for name, value in line.parameters.items()
        ]
    name = next(name for name in _CONTENT if getattr(line, name) is not None)
    kind, content = Kind[name.upper()], getattr(line, name)
    index, value = 0, 0.0
    if kind in _PAIRS:
        index, value = content
    elif kind is Kind.MACRO:
        index, value = macros[content[0]], content[1]
    elif kind is Kind.EFFECT:
        index, value = effect_index(*content[:2]), content[2]
    elif kind is Kind.PATCH:
        index = content
    elif kind not in _BARE:
        value = content
    return [(line.t, 0, value, index, int(kind), line.channel)]
