"""VST3 presets (``.vstpreset``): a class id and chunks, among them the component's state; little-endian.

The list at the end names the chunks: ``Comp`` the component's state, ``Cont`` the controller's, ``Info`` what
the preset is, in XML. Source: the VST3 SDK, *Presets & Program Lists*.
"""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from tsumami.engine.errors import ParameterError
from tsumami.plugins.presets.preset import Preset
from tsumami.plugins.presets.tags import tags_of
from tsumami.plugins.presets.xml import parse_xml

FORMAT: Final = "vstpreset"
SUFFIXES: Final = (".vstpreset",)

_MAGIC: Final = b"VST3"
_HEADER: Final = struct.Struct("<4si32sq")
"""Magic, version, class id in hex digits, where the list is."""
_LIST: Final = struct.Struct("<4si")
_ENTRY: Final = struct.Struct("<4sqq")
_MOST_CHUNKS: Final = 128
_COMPONENT, _INFO = "Comp", "Info"

_FIELDS: Final = {
    "Name": "name",
    "PlugInName": "synth",
    "MusicalCategory": "category",
    "MusicalCharacter": "tags",
    "Author": "author",
    "Comment": "comment",
}
"""Attributes of ``Info`` and what they are of a preset."""


def recognises(data: bytes) -> bool:
    """Whether ``data`` begins as a VST3 preset does."""
    return data.startswith(_MAGIC)


def decode(data: bytes, source: str) -> tuple[Preset, ...]:
    """The one preset of a file; `ParameterError` when it is none, is cut off or lacks the state."""
    try:
        magic, _, class_id, offset = _HEADER.unpack_from(data)
        chunks = _chunks(data, offset)
    except (struct.error, OverflowError):
        raise ParameterError(f"{source} must be a whole VST3 preset, got a file that is cut off") from None
    if magic != _MAGIC or _COMPONENT not in chunks:
        raise ParameterError(f"{source} must be a VST3 preset with the state of a plugin, got none in it")
    info = _attributes(chunks.get(_INFO, b""), source)
    return (
        Preset(
            format=FORMAT,
            source=source,
            state=chunks[_COMPONENT],
            plugin_id=class_id.rstrip(b"\0").decode("latin-1"),
            unknown={attribute: text for attribute, text in info.items() if attribute not in _FIELDS},
            parts={name: chunk for name, chunk in chunks.items() if name != _COMPONENT},
            **_description(info, source),
        ),
    )


def encode(presets: Sequence[Preset]) -> bytes:
    """The file of one preset; `ParameterError` for several, or one that carries no state of VST3."""
    if len(presets) != 1:
        raise ParameterError(
            f"{SUFFIXES[0]} file must hold one preset, got {len(presets)}; name a folder instead"
        )
    (preset,) = presets
    if preset.state is None or preset.format != FORMAT:
        raise ParameterError(
            f"preset must carry the state of a VST3 plugin, got {preset.name!r}, a {preset.format}"
        )
    class_id = preset.plugin_id.encode("latin-1")
    info = _info(preset)
    chunks = {_COMPONENT: preset.state, **preset.parts, **({_INFO: info} if info else {})}
    entries, offset = [], _HEADER.size
    for name, chunk in chunks.items():
        entries.append(_ENTRY.pack(name.encode("latin-1"), offset, len(chunk)))
        offset += len(chunk)
    listed = _LIST.pack(b"List", len(entries)) + b"".join(entries)
    return _HEADER.pack(_MAGIC, 1, class_id, offset) + b"".join(chunks.values()) + listed


def _chunks(data: bytes, offset: int) -> dict[str, bytes]:
    """Content of the chunks by their names; `struct.error` where one does not lie in the file."""
    magic, count = _LIST.unpack_from(data, _inside(data, offset))
    if magic != b"List" or not 0 <= count <= _MOST_CHUNKS:
        raise struct.error
    found: dict[str, bytes] = {}
    for number in range(count):
        name, start, size = _ENTRY.unpack_from(data, offset + _LIST.size + number * _ENTRY.size)
        end = _inside(data, start) + size
        if size < 0 or end > len(data):
            raise struct.error
        found[name.decode("latin-1")] = data[start:end]
    return found


def _inside(data: bytes, offset: int) -> int:
    if not 0 <= offset <= len(data):
        raise struct.error
    return offset


def _attributes(info: bytes, source: str) -> Mapping[str, str]:
    """Values of ``Info`` by the id of the attribute; none when the preset has no ``Info``."""
    if not info.strip(b"\0 \r\n\t"):
        return {}
    rows = parse_xml(info, f"Info of {source}").iter("Attribute")
    return {row.get("id", ""): row.get("value", "") for row in rows}


def _description(info: Mapping[str, str], source: str) -> dict[str, Any]:
    """The fields of a preset that ``Info`` says."""
    said: dict[str, Any] = {field: info.get(attribute, "") for attribute, field in _FIELDS.items()}
    return said | {"name": said["name"] or Path(source).stem, "tags": tags_of(said["tags"])}


def _info(preset: Preset) -> bytes:
    """``Info`` as it was read, if it says what the preset does, else written anew."""
    read = preset.parts.get(_INFO, b"")
    before = _attributes(read, preset.source)
    described = _description(before, preset.source)
    wanted = {**before, **preset.unknown}
    for attribute, field in _FIELDS.items():
        value = getattr(preset, field)
        if value != described[field]:
            wanted[attribute] = value if isinstance(value, str) else ", ".join(value)
    if wanted == before:
        return read
    root = ElementTree.Element("MetaInfo")
    for name, text in wanted.items():
        ElementTree.SubElement(root, "Attribute", id=name, value=text, type="string")
    written = str(ElementTree.tostring(root, encoding="unicode")).encode("utf-8")
    parse_xml(written, f"description of {preset.name!r}")
    return written
