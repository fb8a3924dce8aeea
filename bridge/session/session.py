"""A session: one TOML file that says device, MIDI, instrument, macros, knobs and output.

A session that cannot be used is refused with file, line, field and rule.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from tsumami.bridge.session.errors import dotted, known_name, nearest, schema_message, syntax_message
from tsumami.bridge.session.map_tables import MACRO_NAMES, Map, Send, default_maps
from tsumami.bridge.session.newer import is_newer, understood
from tsumami.bridge.session.tables import (
    Device,
    Effect,
    Input,
    Instrument,
    Macros,
    Midi,
    Osc,
    Output,
    Page,
    Session,
)
from tsumami.bridge.session.toml_lines import KeyPath, key_lines
from tsumami.engine.errors import SessionError
from tsumami.engine.models import SHIPPED

__all__ = [
    "MACRO_NAMES",
    "Device",
    "Effect",
    "Input",
    "Instrument",
    "Macros",
    "Map",
    "Midi",
    "Osc",
    "Output",
    "Page",
    "Send",
    "Session",
    "check_names",
    "default_maps",
    "load_session",
    "parse_session",
    "session_document",
    "session_of",
]


Tell = Callable[[str], None]


def load_session(path: Path | None = None, tell: Tell | None = None) -> Session:
    """Session of the TOML file at ``path``, or the default one; raises `SessionError`.

    Paths in the file are relative to it and come back absolute. One of a newer version is taken as far as it
    is understood where somebody is there to ``tell`` what is not.
    """
    return Session() if path is None else parse_session(_read_text(path), path, tell)


def parse_session(text: str, path: Path, tell: Tell | None = None) -> Session:
    """Session of a TOML text; ``path`` names it in errors and anchors its relative paths."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SessionError(syntax_message(str(error), text, path)) from None
    if tell is not None and is_newer(document):
        return _resolve(understood(document, text, path, tell), path.resolve().parent)
    try:
        session = msgspec.convert(document, Session)
    except msgspec.ValidationError as error:
        raise SessionError(schema_message(str(error), document, text, path)) from None
    return _resolve(session, path.resolve().parent)


def session_document(session: Session) -> dict[str, Any]:
    """The session as plain tables; `session_of` takes it back."""
    document: dict[str, Any] = msgspec.to_builtins(session)
    return document


def session_of(document: dict[str, Any]) -> Session:
    """The session whose `session_document` is ``document``; raises `SessionError`."""
    try:
        return msgspec.convert(document, Session)
    except msgspec.ValidationError as error:
        raise SessionError(f"session of the log must be a valid session: {error}") from None


def check_names(
    session: Session,
    *,
    macros: Sequence[str],
    parameters: Sequence[str],
    patches: Sequence[str],
    latents: int = 0,
    effects: Mapping[str, Sequence[str]] = MappingProxyType({}),
    path: Path | None = None,
) -> None:
    """Refuse a session that names a macro, parameter, effect or patch that is not there.

    ``effects`` are the names of the parameters of each effect, in order; ``latents`` is how many dimensions
    the model's latent has. ``path`` is the file that the session came from; with it the error has a line.
    """
    for key, rule in strangers(session, Names(macros, parameters, patches, latents, effects)):
        raise SessionError(f"{line_of(path, key)}{dotted(key)} {rule}")
    _check_maps(session, path)
    _check_sends(session, path)


class Names(NamedTuple):
    """What there is to be named; as for `check_names`."""

    macros: Sequence[str]
    parameters: Sequence[str]
    patches: Sequence[str]
    latents: int
    effects: Mapping[str, Sequence[str]]


def strangers(session: Session, names: Names) -> Iterator[tuple[KeyPath, str]]:
    """Where a session names what is not there, and the rule that it breaks."""
    macros, parameters, patches, latents, effects = names
    wanted: list[tuple[KeyPath, str | None, Sequence[str]]] = [
        (("instrument", "patch"), session.instrument.patch, patches)
    ]
    for number, entry in enumerate(session.maps):
        wanted.append((("map", number, "macro"), entry.macro, macros))
        latent = None if entry.latent is None else str(entry.latent)
        wanted.append((("map", number, "latent"), latent, [str(each) for each in range(latents)]))
        wanted.append((("map", number, "effect"), entry.effect, list(effects)))
        of_effect = effects.get(entry.effect or "")
        wanted.append((("map", number, "parameter"), entry.parameter, of_effect or parameters))
    for number, send in enumerate(session.sends):
        wanted.append((("send", number, "parameter"), send.parameter, parameters))
    for key, name, known in wanted:
        if name is not None and name not in known:
            yield key, f"must be {known_name(known)}, got {name!r}{nearest(name, known)}"


def without_strangers(session: Session, names: Names) -> tuple[Session, tuple[str, ...]]:
    """The session without what names what is not there, and a sentence for each: of a newer version."""
    told, maps, sends = [], dict(enumerate(session.maps)), dict(enumerate(session.sends))
    instrument = session.instrument
    for (table, *place), rule in strangers(session, names):
        match table, place:
            case "map", [int(number), str(name)] if number in maps:
                told.append(f"the map of {maps.pop(number).label} is left out: {name} {rule}")
            case "send", [int(number), str(name)] if number in sends:
                told.append(f"the send of CC {sends.pop(number).cc} is left out: {name} {rule}")
            case "instrument", [str(name)]:
                told.append(f"the instrument's {name} is left out: it {rule}")
                instrument = msgspec.structs.replace(instrument, patch=None)
    kept = {"maps": list(maps.values()), "sends": list(sends.values()), "instrument": instrument}
    return msgspec.structs.replace(session, **kept), tuple(told)


def _check_maps(session: Session, path: Path | None) -> None:
    """The fine half of a controller is no controller of its own."""
    for first, wide in enumerate(session.maps):
        for number, entry in enumerate(session.maps):
            same_channel = 0 in (wide.channel, entry.channel) or wide.channel == entry.channel
            if wide.cc is not None and wide.bits == 14 and entry.cc == wide.cc + 32 and same_channel:
                key: KeyPath = ("map", number, "cc")
                raise SessionError(
                    f"{line_of(path, key)}{dotted(key)} must be another than {entry.cc}, "
                    f"the fine half of map[{first}]"
                )


def _check_sends(session: Session, path: Path | None) -> None:
    """One control cannot carry two parameters."""
    first: dict[tuple[int, int], int] = {}
    for number, send in enumerate(session.sends):
        other = first.setdefault((send.channel, send.cc), number)
        if other != number:
            key: KeyPath = ("send", number, "cc")
            raise SessionError(
                f"{line_of(path, key)}{dotted(key)} must be another than that of send[{other}], got {send.cc}"
            )


def line_of(path: Path | None, key: KeyPath) -> str:
    """Where ``key`` stands, to begin a message with; nothing without a file."""
    return "" if path is None else f"{path}:{key_lines(_read_text(path)).line_of(key)}: "


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SessionError(f"session must be a readable file, got {path} ({reason})") from None
    except UnicodeDecodeError as error:
        raise SessionError(
            f"{path}: session must be UTF-8 text, got byte {error.object[error.start]:#04x}"
        ) from None


def _resolve(session: Session, folder: Path) -> Session:
    def absolute(name: str | None) -> str | None:
        return None if name is None else str(folder / Path(name).expanduser())

    replace = msgspec.structs.replace
    macros, loop = session.macros, session.loop
    if macros.model not in SHIPPED:
        macros = replace(macros, model=absolute(macros.model))
    timbre = session.timbre
    if timbre.index != "builtin":
        timbre = replace(timbre, index=absolute(timbre.index))
    return replace(
        session,
        groove=replace(session.groove, reference=absolute(session.groove.reference)),
        timbre=timbre,
        instrument=replace(
            session.instrument,
            path=absolute(session.instrument.path),
            preset=absolute(session.instrument.preset),
            bank=absolute(session.instrument.bank),
        ),
        effects=[
            replace(effect, path=absolute(effect.path), preset=absolute(effect.preset))
            for effect in session.effects
        ],
        macros=macros,
        loop=replace(loop, model=absolute(loop.model)),
        output=replace(session.output, record=absolute(session.output.record)),
    )
