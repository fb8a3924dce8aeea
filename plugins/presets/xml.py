"""XML inside preset files."""

from typing import Final
from xml.etree import ElementTree

from tsumami.engine.errors import ParameterError

_BYTE_ORDER_MARK: Final = "\ufeff"


def parse_xml(data: bytes, what: str) -> ElementTree.Element:
    """The root element; `ParameterError` naming ``what`` when ``data`` is no XML or defines entities."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    text = text.removeprefix(_BYTE_ORDER_MARK).rstrip("\0 \r\n\t")
    if "<!DOCTYPE" in text:
        raise ParameterError(f"{what} must be plain XML, got a document type")
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ParameterError(f"{what} must be XML, got {error}") from None
