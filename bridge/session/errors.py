"""What is wrong with a session file, in one sentence with its file, line, field and rule."""

import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tsumami.bridge.session.tables import TABLES, Session
from tsumami.bridge.session.toml_lines import KeyPath, key_lines


def known_name(names: Iterable[str]) -> str:
    """The rule "one of these names", kept short when there are many."""
    listed = list(names)
    shown = ", ".join(listed[:12]) + (", …" if len(listed) > 12 else "")
    return f"one of {shown}" if listed else "left out, for there are none"


def nearest(name: str, names: Sequence[str]) -> str:
    """``; did you mean …?`` with up to three names, best first, or nothing."""
    folded = {known.casefold(): known for known in names}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(folded[match] for match in close)}?" if close else ""


def dotted(path: KeyPath) -> str:
    """A key path as a person writes it, such as ``map[2].cc``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


_TOML_PLACE = re.compile(
    r"^(?P<rule>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$"
)


def syntax_message(message: str, text: str, path: Path) -> str:
    """``file:line:column: …`` from the message of a `tomllib.TOMLDecodeError`."""
    place = _TOML_PLACE.match(message)
    rule = place["rule"] if place else message
    lines = text.splitlines() or [""]
    line, column = len(lines), len(lines[-1]) + 1
    if place and place["line"]:
        line, column = int(place["line"]), int(place["column"])
    return f"{path}:{line}:{column}: session must be TOML: {rule[:1].lower()}{rule[1:]}"


_SCHEMA_PLACE = re.compile(r"^(?P<rule>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(.*)`")
_MISSING = re.compile(r"missing required field `(.*)`")


def schema_message(message: str, document: dict[str, Any], text: str, path: Path) -> str:
    """``file:line: field must be …`` from the message of a `msgspec.ValidationError`."""
    rule, key = _rule(message), key_of(message)
    if unknown := _UNKNOWN.search(rule):
        names = _fields_at(key[:-1])
        told = f"must be {known_name(names)}, got {unknown[1]!r}{nearest(unknown[1], names)}"
        return f"{path}:{key_lines(text).line_of(key)}: {_field_of(key)} {told}"
    line = key_lines(text).line_of(key)
    if missing := _MISSING.search(rule):
        return f"{path}:{line}: {dotted(key)} must have the field {missing[1]!r}, got none"
    return f"{path}:{line}: {dotted(key) or 'session'} must be {rule_and_value(rule, key, document)}"


def key_of(message: str) -> KeyPath:
    """Where in the document what the message of a `msgspec.ValidationError` is about stands."""
    place = _SCHEMA_PLACE.match(message)
    key: KeyPath = tuple(
        int(part[1:-1]) if part.startswith("[") else part.lstrip(".")
        for part in re.findall(r"\[\d+\]|\.[^.\[]+", (place["path"] or "") if place else "")
    )
    unknown = _UNKNOWN.search(_rule(message))
    return (*key, unknown[1]) if unknown else key


def _rule(message: str) -> str:
    """The message without the place."""
    place = _SCHEMA_PLACE.match(message)
    return place["rule"] if place else message


def _field_of(key: KeyPath) -> str:
    return f"field of {dotted(key[:-1])}" if key[:-1] else "table"


def _fields_at(key: KeyPath) -> tuple[str, ...]:
    """Names that the table at ``key`` may have."""
    node: type[msgspec.Struct] = Session
    for part in key:
        if isinstance(part, str):
            node = TABLES[part]
    return tuple(info.encode_name for info in msgspec.structs.fields(node))


_TYPE_NAMES = {
    "int": "a whole number",
    "float": "a number",
    "str": "a string",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}


def rule_and_value(rule: str, key: KeyPath, document: dict[str, Any]) -> str:
    """`msgspec`'s "Expected …" in the words of the house, with the value that broke it."""
    value: Any = document
    for part in key:
        value = value[part]
    if rule.startswith("Invalid enum value"):
        return f"{known_name(_choices(key))}, got {value!r}"
    if expected := re.match(r"Expected (`.*?`)(.*?)(, got .*)?$", rule):
        kinds = [
            _TYPE_NAMES.get(kind, kind) for kind in expected[1].strip("`").split(" | ") if kind != "null"
        ]
        bound = expected[2].replace(" >= ", " of at least ").replace(" <= ", " of at most ")
        bound = bound.replace(" of length of at least 1", " that is not empty")
        return f"{' or '.join(kinds)}{bound}, got {_shown(value)}"
    return rule


def _choices(key: KeyPath) -> list[str]:
    """Values that the field at ``key`` is limited to."""
    schema = msgspec.json.schema(TABLES[str(key[0])])
    properties = schema["$defs"][TABLES[str(key[0])].__name__]["properties"]
    return [str(choice) for choice in properties[str(key[-1])]["enum"]]


def _shown(value: Any) -> str:
    """A TOML value as it is written there, at most 40 characters of it."""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
