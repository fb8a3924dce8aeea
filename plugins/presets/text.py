"""Text of preset files: encodings and numbers."""

from tsumami.engine.errors import ParameterError


def decode_text(data: bytes) -> str:
    """UTF-8, or Latin-1 where it is not; `ParameterError` for binary data."""
    if b"\0" in data:
        raise ParameterError("preset must be a text file, got binary data")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def encode_text(text: str) -> bytes:
    """UTF-8 bytes."""
    return text.encode("utf-8")


def number_text(value: float) -> str:
    """The shortest usual spelling that reads back as the same number."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def one_line(text: str) -> str:
    """``text`` unchanged; `ParameterError` when it would break the line that it is written into."""
    if "\n" in text or "\r" in text:
        raise ParameterError(f"name must be one line, got {text!r}")
    return text
