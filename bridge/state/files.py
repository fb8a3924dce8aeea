"""Files of a performance's state: its snapshots, and where it stood when it ended, however it ended."""

import hashlib
from pathlib import Path
from typing import Any, Final

import msgspec
import platformdirs

from tsumami.bridge.mapping.command import SLOTS
from tsumami.bridge.state.snapshot import Position, Snapshot
from tsumami.engine.errors import SessionError
from tsumami.plugins.offline.wav import write_beside

_SUFFIX: Final = ".snapshots.json"
VERSION: Final = 1


class StateFile(msgspec.Struct, forbid_unknown_fields=True):
    """What a file holds."""

    tsumami_state: int = VERSION
    now: Snapshot | None = None
    slots: dict[int, Snapshot] = msgspec.field(default_factory=dict)
    locked: list[str] = msgspec.field(default_factory=list)


class _Version(msgspec.Struct):
    tsumami_state: int = VERSION


class _Newer(msgspec.Struct):
    """What has been in a file from the first version on, as far as it can be told without its parts."""

    tsumami_state: int
    now: Any = None
    slots: dict[str, Any] = msgspec.field(default_factory=dict)
    locked: list[Any] = msgspec.field(default_factory=list)


def _understood(content: bytes) -> StateFile:
    """What this version understands of a newer file; parts that it does not are left out."""
    newer = msgspec.json.decode(content, type=_Newer)
    read = {number: _snapshot(each) for number, each in newer.slots.items() if number.isdigit()}
    return StateFile(
        tsumami_state=newer.tsumami_state,
        now=_snapshot(newer.now),
        slots={int(number): each for number, each in read.items() if each and 1 <= int(number) <= SLOTS},
        locked=[each for each in newer.locked if isinstance(each, str)],
    )


def _snapshot(written: Any) -> Snapshot | None:
    """The sound and the positions of a snapshot, whatever else it has."""
    try:
        known = msgspec.convert(written, _Known)
    except msgspec.ValidationError:
        return None
    return Snapshot(known.sound, known.positions)


class _Known(msgspec.Struct):
    sound: str
    positions: dict[str, Position]


def snapshots_path(session: Path | None) -> Path:
    """Where the snapshots of a session are: beside its file, or in the user's folder without one."""
    if session is None:
        return platformdirs.user_data_path("tsumami", appauthor=False) / f"live{_SUFFIX}"
    return session.with_name(f"{session.stem}{_SUFFIX}")


def autosave_path(session: Path | None) -> Path:
    """Where a session leaves where it stands, for ``--resume``."""
    name = "live" if session is None else hashlib.sha256(str(session.resolve()).encode()).hexdigest()[:16]
    return platformdirs.user_state_path("tsumami", appauthor=False) / f"{name}.json"


def read_state(path: Path) -> StateFile:
    """What a file holds, nothing where there is none; raises `SessionError` for another file.

    Of a file of a newer version it is what this one understands.
    """
    try:
        content = path.read_bytes()
        version = msgspec.json.decode(content, type=_Version).tsumami_state
        state = _understood(content) if version > VERSION else msgspec.json.decode(content, type=StateFile)
    except FileNotFoundError:
        return StateFile()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SessionError(f"snapshots must be a file that can be read, got {path} ({reason})") from None
    except msgspec.DecodeError as error:
        raise SessionError(f"{path} must be snapshots of this version of Tsumami, got: {error}") from None
    wrong = [slot for slot in state.slots if not 1 <= slot <= SLOTS]
    if wrong:
        raise SessionError(f"{path} must have slots 1-{SLOTS}, got {wrong[0]}")
    return state


def move_aside(path: Path, copy: Path) -> None:
    """Give a file another name; raises `SessionError` where that cannot be."""
    try:
        path.rename(copy)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SessionError(f"{path} must be a file that can be renamed, got {reason}") from None


def is_ours(path: Path) -> bool:
    """Whether a file, if there is one, can be written over: it is whole, and of no newer version."""
    try:
        return read_state(path).tsumami_state <= VERSION
    except SessionError:
        return False


def write_state(path: Path, state: StateFile) -> None:
    """Write a file whole or not at all; raises `SessionError` where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_beside(path, msgspec.json.format(msgspec.json.encode(state), indent=1))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SessionError(
            f"snapshots must be in a file that can be written, got {path} ({reason})"
        ) from None
