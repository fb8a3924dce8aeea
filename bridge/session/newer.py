"""A session of a newer version: what this one understands of it, and what it leaves out."""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from tsumami.bridge.session.errors import key_of, schema_message
from tsumami.bridge.session.tables import VERSION, Session

_NUMBER: Final = re.compile(r"at `\$\.(\w+)\[(\d+)\]")
Place = tuple[str | int, ...]


def is_newer(document: dict[str, Any]) -> bool:
    """Whether a session's tables say that they are of a version after this one."""
    version = document.get("version")
    return isinstance(version, int) and version > VERSION


def understood(document: dict[str, Any], text: str, path: Path, tell: Callable[[str], None]) -> Session:
    """The session without what breaks a rule, of which ``tell`` hears one by one, with file and line.

    A field goes alone, and an entry of a list where it cannot be without that field.
    """
    rest = copy.deepcopy(document)
    numbers = {name: list(range(len(rows))) for name, rows in rest.items() if isinstance(rows, list)}
    tell(f"{path}: session must be of version {VERSION} to be understood whole, got {document['version']}")
    while True:
        try:
            return msgspec.convert(rest, Session)
        except msgspec.ValidationError as error:
            message = _NUMBER.sub(lambda found: _as_written(found, numbers), str(error))
            tell(f"{schema_message(message, document, text, path)}; left out")
            _leave_out(rest, key_of(str(error)), numbers)


def _as_written(found: re.Match[str], numbers: dict[str, list[int]]) -> str:
    """The place of an entry with the number that it has in the file."""
    name, number = found[1], int(found[2])
    return f"at `$.{name}[{numbers[name][number]}]"


def _leave_out(document: dict[str, Any], key: Place, numbers: dict[str, list[int]]) -> None:
    """Remove the innermost thing at a key that is there and not the session itself."""
    node: Any = document
    for part in key[:-1]:
        node = node[part]
    del node[key[-1]]
    if len(key) == 2 and isinstance(key[1], int):
        del numbers[str(key[0])][key[1]]
