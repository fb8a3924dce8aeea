"""Files of a performance's state: its snapshots, and where it stood when it ended, however it ended."""

import hashlib
from pathlib import Path
from typing import Final

import msgspec
import platformdirs

from tsumami.bridge.mapping.command import SLOTS
from tsumami.bridge.state.snapshot import Snapshot
from tsumami.engine.errors import SessionError
from tsumami.plugins.offline.wav import write_beside

_SUFFIX: Final = ".snapshots.json"
_VERSION: Final = 1


class StateFile(msgspec.Struct, forbid_unknown_fields=True):
    """What a file holds."""

    tsumami_state: int = _VERSION
    now: Snapshot | None = None
    slots: dict[int, Snapshot] = msgspec.field(default_factory=dict)
    locked: list[str] = msgspec.field(default_factory=list)


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
    """What a file holds, nothing where there is none; raises `SessionError` for another file."""
    try:
        state = msgspec.json.decode(path.read_bytes(), type=StateFile)
    except FileNotFoundError:
        return StateFile()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SessionError(f"snapshots must be a file that can be read, got {path} ({reason})") from None
    except msgspec.DecodeError as error:
        raise SessionError(f"{path} must be snapshots of this version of Tsumami, got: {error}") from None
    if state.tsumami_state != _VERSION:
        raise SessionError(f"{path} must be snapshots of version {_VERSION}, got {state.tsumami_state}")
    wrong = [slot for slot in state.slots if not 1 <= slot <= SLOTS]
    if wrong:
        raise SessionError(f"{path} must have slots 1-{SLOTS}, got {wrong[0]}")
    return state


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
