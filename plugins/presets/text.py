"""Text of preset files: encodings and numbers."""

import math

from tsumami.engine.errors import ParameterError
from tsumami.plugins.presets.preset import Setting


def decode_text(data: bytes, source: str) -> str:
    """UTF-8, or Latin-1 where it is not; `ParameterError` for binary data."""
    if b"\0" in data:
        raise ParameterError(f"{source} must be a text file, got binary data")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def number_text(value: float) -> str:
    """The shortest usual spelling that reads back as the same number."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def setting_of(text: str) -> Setting:
    """A number where ``text`` spells one that is finite, else the text."""
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else text


def one_line(text: str) -> str:
    """``text`` unchanged; `ParameterError` when it would break the line that it is written into."""
    if "\n" in text or "\r" in text:
        raise ParameterError(f"name must be one line, got {text!r}")
    return text
