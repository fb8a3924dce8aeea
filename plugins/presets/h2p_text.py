"""The text of a u-he preset: description, body of ``key=value`` lines in sections, compressed tail."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tsumami.engine.errors import ParameterError
from tsumami.plugins.presets.preset import Setting
from tsumami.plugins.presets.text import number_text

_HEAD: Final = re.compile(r"\s*/\*.*?(?:\*/|\Z)", re.DOTALL)
_TAIL: Final = re.compile(r"^(?:// Section for ugly compressed binary Data|\$\$\$\$)", re.MULTILINE)
_LINE: Final = re.compile(
    r"(?P<key>[^=\n]*?)[ \t]*=[ \t]*(?P<value>'[^'\n]*'|\"[^\"\n]*\"|.*?)[ \t]*(?://.*)?\r?"
)
_SECTION_KEY: Final = "#cm"
_QUOTES: Final = "'\""

Place = tuple[str, str]
"""Section and key."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``key=value``, quotes taken off; the value as it is spelled stands at ``start`` to ``end``."""

    place: Place
    value: str
    start: int
    end: int


def split_text(text: str) -> tuple[str, str, str]:
    """Description (a comment at the top), body and tail; joined they are ``text``."""
    described = _HEAD.match(text)
    start = described.end() if described else 0
    tail = _TAIL.search(text, start)
    end = tail.start() if tail else len(text)
    return text[:start], text[start:end], text[end:]


def entries(body: str, first_line: int = 1) -> Iterator[Entry]:
    """The keys of a body in their order; those before the first section are in section ``""``.

    Raises `ParameterError` for a line that is neither key, comment nor empty, as where a file is cut off; the
    body begins at line ``first_line`` of the file.
    """
    section, start = "", 0
    for number, line in enumerate(body.split("\n"), first_line):
        content = line.strip()
        match = _LINE.fullmatch(line)
        if content and not content.startswith("//"):
            if match is None or not match["key"].strip():
                raise ParameterError(f"line {number} must be key=value, got {line[:40]!r}")
            key, value = match["key"].strip(), match["value"]
            if key == _SECTION_KEY:
                section = value
            else:
                span = match.span("value")
                yield Entry((section, key), unquoted(value), start + span[0], start + span[1])
        start += len(line) + 1


def unquoted(value: str) -> str:
    """A value without the quotes around it."""
    is_quoted = len(value) >= 2 and value[0] in _QUOTES and value[-1] == value[0]
    return value[1:-1] if is_quoted else value


def spelled(setting: Setting) -> str:
    """A value as it stands in the body: a number plain, a text in quotes."""
    if not isinstance(setting, str):
        return number_text(setting)
    quote = "'" if "'" not in setting else '"'
    if quote in setting or "\n" in setting or "\r" in setting:
        raise ParameterError(f"value must be one line without quotes of both kinds, got {setting!r}")
    return f"{quote}{setting}{quote}"


def with_values(body: str, changed: Mapping[Place, str]) -> str:
    """``body`` with the values at some places spelled anew, and nothing else different."""
    pieces, reached = [], 0
    for entry in entries(body):
        if entry.place in changed:
            pieces += [body[reached : entry.start], changed[entry.place]]
            reached = entry.end
    return "".join([*pieces, body[reached:]])


def with_keys(body: str, added: Mapping[Place, str]) -> str:
    """``body`` with keys added at the end of their sections, and sections at the end of the body."""
    by_section: dict[str, list[str]] = {}
    for (section, key), value in added.items():
        by_section.setdefault(section, []).append(f"{key}={value}\n")
    blocks = re.split(rf"^(?={_SECTION_KEY}=)", body, flags=re.MULTILINE)
    written = [_extended(block, by_section.pop(_section_of(block), [])) for block in blocks]
    written += [f"{_SECTION_KEY}={section}\n{''.join(lines)}" for section, lines in by_section.items()]
    return "".join(written)


def _section_of(block: str) -> str:
    match = _LINE.fullmatch(block.split("\n", 1)[0])
    return match["value"] if match and match["key"] == _SECTION_KEY else ""


def _extended(block: str, lines: list[str]) -> str:
    """A section with lines after its last one, before the empty lines that follow."""
    if not lines:
        return block
    content = block.rstrip()
    rest = block[len(content) :].removeprefix("\r").removeprefix("\n")
    return "".join([content, "\n" if content else "", *lines, rest])
