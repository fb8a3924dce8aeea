"""Where in a TOML text a key stands, so that a wrong value is reported with its line."""

import re
from dataclasses import dataclass

KeyPath = tuple[str | int, ...]
"""Keys and array positions from the root of a document, such as ``("map", 2, "cc")``."""

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]#]+?)\s*\]\]?\s*(#.*)?$")
_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"^\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")
_MULTILINE = re.compile(r'"""|\'\'\'')


@dataclass(frozen=True, slots=True)
class KeyLines:
    """First line (counted from 1) of each table and key of a TOML document.

    Keys inside inline tables and arrays are not followed: they have the line of the key that holds
    them.
    """

    lines: dict[KeyPath, int]

    def line_of(self, path: KeyPath) -> int:
        """Line of ``path``, or of the nearest thing around it; 1 when nothing of it is there."""
        for length in range(len(path), 0, -1):
            line = self.lines.get(path[:length])
            if line is not None:
                return line
        return 1


def _split(dotted: str) -> KeyPath:
    return tuple(part.strip().strip("\"'") for part in re.findall(_PART, dotted))


def key_lines(text: str) -> KeyLines:
    """Scan ``text``, a document that `tomllib` has accepted or would, line by line."""
    lines: dict[KeyPath, int] = {}
    sizes: dict[KeyPath, int] = {}
    table: KeyPath = ()
    inside_string = False
    for number, line in enumerate(text.splitlines(), start=1):
        if not inside_string:
            if header := _HEADER.match(line):
                table = _split(header[2])
                if header[1] == "[[":
                    position = sizes.get(table, 0)
                    sizes[table] = position + 1
                    lines.setdefault(table, number)
                    table = (*table, position)
                lines.setdefault(table, number)
            elif key := _KEY.match(line):
                lines.setdefault((*table, *_split(key[1])), number)
        inside_string ^= len(_MULTILINE.findall(line)) % 2 == 1
    return KeyLines(lines)
