"""Presets of Surge and Surge XT (``.fxp``): a VST2 program whose chunk is a header, XML and wavetables.

The chunk begins with ``sub3`` and, in little-endian, the length of the XML and of six wavetables. The plugin
loads the chunk; name, category, author, tags and parameters are read out of its XML.
"""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from tsumami.engine.errors import ParameterError
from tsumami.plugins.presets import fxp, vst2
from tsumami.plugins.presets.preset import Preset, Setting
from tsumami.plugins.presets.tags import tags_of
from tsumami.plugins.presets.text import setting_of
from tsumami.plugins.presets.xml import parse_xml

FORMAT: Final = "surge"
SYNTH: Final = "Surge XT"
SUFFIXES: Final = (".fxp",)

_TAG: Final = b"sub3"
_HEADER: Final = struct.Struct("<4s7i")
_CHUNK_START: Final = 60
"""Where the chunk of a VST2 program begins."""


def recognises(data: bytes) -> bool:
    """Whether ``data`` is a VST2 program with Surge's chunk."""
    return fxp.recognises(data) and data[_CHUNK_START : _CHUNK_START + 4] == _TAG


def decode(data: bytes, source: str) -> tuple[Preset, ...]:
    """The one preset of a file; `ParameterError` when it is none of Surge or is cut off."""
    (program,) = vst2.unpack(data, source) if fxp.recognises(data) else (None,)
    chunk = program.chunk if program else None
    if program is None or chunk is None or len(chunk) < _HEADER.size or not chunk.startswith(_TAG):
        raise ParameterError(f"{source} must be a preset of Surge, got another file")
    size = _HEADER.unpack_from(chunk)[1]
    if not 0 < size <= len(chunk) - _HEADER.size:
        raise ParameterError(f"{source} must hold the whole patch, got a file that is cut off")
    patch = parse_xml(chunk[_HEADER.size : _HEADER.size + size], source)
    found = patch.find("meta")
    meta = found if found is not None else ElementTree.Element("meta")
    return (
        Preset(
            meta.get("name") or program.name or Path(source).stem,
            FORMAT,
            SYNTH,
            source,
            category=meta.get("category", ""),
            tags=tags_of(*(tag.get("tag", "") for tag in meta.iter("tag"))),
            author=meta.get("author", ""),
            comment=meta.get("comment", ""),
            settings=_settings(patch.find("parameters")),
            state=chunk,
            plugin_id=program.plugin_id,
            parts={"version": program.version},
        ),
    )


def encode(presets: Sequence[Preset]) -> bytes:
    """The file around the chunk of one preset, unchanged; `ParameterError` for several or another synth's."""
    for preset in presets:
        if preset.format != FORMAT:
            raise ParameterError(f"preset must be one of {SYNTH}, got {preset.name!r} of {preset.source}")
    return fxp.encode(presets)


def _settings(parameters: ElementTree.Element | None) -> dict[str, Setting]:
    """Values by the name of the parameter; those that are no numbers stay text."""
    rows = parameters if parameters is not None else ()
    return {row.tag: setting_of(row.get("value", "")) for row in rows if "value" in row.attrib}
