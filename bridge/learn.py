"""MIDI learn: the knob that is turned becomes a map of a session file."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from tsumami.bridge.controllers import load_controller
from tsumami.bridge.mapping import compile_mapping
from tsumami.bridge.midi import MidiInputs
from tsumami.bridge.midi.learner import Learned, Learner
from tsumami.bridge.session.map_tables import MACRO_NAMES, Map, default_maps
from tsumami.bridge.session.session import load_session, parse_session
from tsumami.bridge.session.tables import VERSION, Session
from tsumami.bridge.unused_path import unused_path
from tsumami.engine.errors import SessionError
from tsumami.plugins.offline.wav import write_beside

_STEP_SECONDS: Final = 0.02


def learn_knob(session: Session, seconds: float, tell: Callable[[str], None]) -> Learned:
    """Wait for a knob to be turned; raises `SessionError` when none was in time."""
    learner = Learner()
    mapping = compile_mapping(Session(maps=[]), macros=(), parameters=())
    with MidiInputs(
        session.midi, mapping, _drop, lambda change: tell(str(change)), hear=learner.hear
    ) as inputs:
        tell(f"turn a knob or press a button (listening to {', '.join(inputs.names) or 'nothing yet'})")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(_STEP_SECONDS)
            learned = learner.learned()
            if learned is not None:
                return learned
            others = learner.others()
            if others:
                tell(f"more than one knob moves: {', '.join(others)}; let go, and turn one")
                learner.forget()
    raise SessionError(f"a knob must be turned within {seconds:g} s, got none; is the controller connected?")


def add_map(path: Path, entry: dict[str, Any]) -> bool:
    """Add a map to the session file at ``path``, which may be new; whether it was not there yet.

    A file without maps has the default ones, or its controller's: these are written down as well, for they
    would be lost. The rest of the file is not touched, and a copy is kept of one of a newer version; raises
    `SessionError` where the outcome would be no session.
    """
    before = load_session(path, _drop) if path.exists() else Session()
    added = msgspec.convert(entry, Map)
    if added in before.maps and before.maps != default_maps():
        return False
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    kept = [] if "map" in text or before.maps != default_maps() else _defaults(before, added)
    blocks = [*map(_block, kept), _block(entry)]
    text = f"{text.rstrip()}\n\n{''.join(blocks)}".lstrip()
    parse_session(text, path, _drop)
    try:
        if before.version > VERSION:
            shutil.copy2(path, unused_path(path))
        write_beside(path, text.encode())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SessionError(f"session must be a file that can be written, got {path} ({reason})") from None
    return True


def _defaults(session: Session, added: Map) -> list[dict[str, Any]]:
    """The maps of a session without any, but for knobs that have another task by now."""
    controller = session.midi.controller
    macros = [{"macro": name} for name in MACRO_NAMES]
    maps = default_maps() if controller is None else load_controller(controller).maps(macros)
    plain = {field.name: field.default for field in msgspec.structs.fields(Map)}
    return [
        {name: value for name, value in msgspec.to_builtins(each).items() if value != plain[name]}
        for each in maps
        if each.source != added.source
    ]


def _block(entry: dict[str, Any]) -> str:
    lines = [f"{name} = {msgspec.json.encode(value).decode()}" for name, value in entry.items()]
    return "\n".join(["[[map]]", *lines, "\n"])


def _drop(_events: Any) -> None:
    pass
