"""Presets of u-he's synthesizers (``.h2p``): text in Latin-1, keys in sections, and a compressed tail.

::

    /*@Meta
    Author:
    'Ada'
    */
    #AM=Diva
    #cm=ENV1
    Atk=48.00     // comment
    ...
    // Section for ugly compressed binary Data

Diva's keys are mapped to its parameters; the settings of other synthesizers are named ``section.key``. The
compressed tail is carried along unread. Writing changes what differs from the text that was read, and nothing
else: an untouched preset is written back byte for byte.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tsumami.engine.errors import ParameterError
from tsumami.plugins.presets import diva
from tsumami.plugins.presets.h2p_meta import read_meta, written_meta
from tsumami.plugins.presets.h2p_text import Place, entries, spelled, split_text, with_keys, with_values
from tsumami.plugins.presets.preset import Preset, Setting
from tsumami.plugins.presets.tags import tags_of
from tsumami.plugins.presets.text import setting_of

FORMAT: Final = "h2p"
SUFFIXES: Final = (".h2p",)

_SYNTH: Final = re.compile(r"^#AM=([^\r\n]*?)[ \t]*\r?$", re.MULTILINE)
_TEXT: Final = "text"
"""The part that holds the file as it was read."""

_LEAST_KEYS: Final = len(diva.KEYS) // 2
"""A preset with fewer of Diva's keys is one that was cut off: old ones lack some dozens."""


def recognises(data: bytes) -> bool:
    """Whether ``data`` begins as u-he's presets do."""
    return data.lstrip().startswith((b"/*@Meta", b"#AM="))


def decode(data: bytes, source: str) -> tuple[Preset, ...]:
    """The one preset of a file; `ParameterError` when it is binary, cut off or of another kind."""
    head, body, _ = split_text(data.decode("latin-1"))
    synth = _SYNTH.search(body)
    if "\0" in head + body:
        raise ParameterError(f"{source} must be a text preset of u-he, got binary data")
    if head and not head.endswith("*/"):
        raise ParameterError(f"{source} must close its description with */, got a file that is cut off")
    if synth is None:
        raise ParameterError(f"{source} must name its synthesizer (#AM=Diva), got a file without that line")
    try:
        found = entries(body, first_line=head.count("\n") + 1)
        values = {entry.place: entry.value for entry in found if entry.place[0]}
    except ParameterError as error:
        raise ParameterError(f"{source}, {error}") from None
    preset = _described(head, synth[1], source, data)
    return (_with_diva(preset, values) if preset.synth == diva.SYNTH else _with_values(preset, values),)


def encode(presets: Sequence[Preset]) -> bytes:
    """The text of one preset; `ParameterError` for several, or for one that is of no u-he synthesizer."""
    if len(presets) != 1:
        raise ParameterError(
            f"{SUFFIXES[0]} file must hold one preset, got {len(presets)}; name a folder instead"
        )
    (preset,) = presets
    if preset.format != FORMAT:
        raise ParameterError(
            f"preset must be one of u-he, got {preset.name!r} of {preset.synth or preset.format}"
        )
    read = preset.parts.get(_TEXT, f"#AM={preset.synth}\n".encode("latin-1", "replace"))
    head, body, tail = split_text(read.decode("latin-1"))
    before = {entry.place: setting_of(entry.value) for entry in entries(body)}
    wanted = _wanted(preset, before)
    changed = {place: value for place, value in wanted.items() if before.get(place, value) != value}
    added = {place: value for place, value in wanted.items() if place not in before}
    body = with_keys(with_values(body, _spelled(changed)), _spelled(added))
    try:
        return (_description(head, preset) + body + tail).encode("latin-1")
    except UnicodeEncodeError as error:
        letter = error.object[error.start]
        raise ParameterError(f"text of {preset.name!r} must be Latin-1, got {letter!r}") from None


def normalised(preset: Preset) -> Preset:
    """The same sound with every key written out, also those that were filled with defaults."""
    return dataclasses.replace(preset, filled=())


def _described(head: str, synth: str, source: str, data: bytes) -> Preset:
    """A preset without its settings."""
    fields = read_meta(head)
    return Preset(
        Path(source).stem,
        FORMAT,
        synth,
        source,
        category=_category(fields),
        tags=_tags(fields),
        author=fields.get("Author", ""),
        comment=fields.get("Description", ""),
        parts={_TEXT: data},
    )


def _category(fields: Mapping[str, str]) -> str:
    """The first of the categories, such as ``Bass:Plucks``."""
    return fields.get("Categories", "").partition(",")[0].strip()


def _tags(fields: Mapping[str, str]) -> tuple[str, ...]:
    return tags_of(fields.get("Features", ""), fields.get("Character", ""))


def _description(head: str, preset: Preset) -> str:
    """``head`` as it is if it says what the preset does, else a new one."""
    fields = read_meta(head)
    said = dict(fields)
    if preset.author != fields.get("Author", ""):
        said["Author"] = preset.author
    if preset.comment != fields.get("Description", ""):
        said["Description"] = preset.comment
    if preset.category != _category(fields):
        said["Categories"] = preset.category
    if preset.tags != _tags(fields):
        said |= {"Features": "", "Character": ", ".join(preset.tags)}
    return head if said == fields else written_meta(said)


def _with_diva(preset: Preset, values: Mapping[Place, str]) -> Preset:
    """``preset`` with Diva's settings: what is missing has its default, what is not understood is kept."""
    known = {place: key for place, key in diva.BY_PLACE.items() if place in values}
    if len(known) < _LEAST_KEYS:
        raise ParameterError(
            f"{preset.source} must be a whole preset of {diva.SYNTH}, "
            f"got {len(known)} of its {len(diva.KEYS)} keys: the file may be cut off"
        )
    given = {key.parameter: key.setting(values[place]) for place, key in known.items()}
    understood = {name: setting for name, setting in given.items() if setting is not None}
    settings = {key.parameter: understood.get(key.parameter, key.default) for key in diva.KEYS}
    positions = {key.parameter: key.position(settings[key.parameter]) for key in diva.KEYS}
    return dataclasses.replace(
        preset,
        settings=settings,
        positions={name: position for name, position in positions.items() if position is not None},
        unknown={
            ".".join(place): value
            for place, value in values.items()
            if place not in known or known[place].parameter not in understood
        },
        filled=tuple(name for name in settings if name not in understood),
        clipped=tuple(key.parameter for key in known.values() if not key.holds(settings[key.parameter])),
    )


def _with_values(preset: Preset, values: Mapping[Place, str]) -> Preset:
    """``preset`` of a synthesizer whose keys have no table."""
    return dataclasses.replace(
        preset, settings={".".join(place): setting_of(value) for place, value in values.items()}
    )


def _wanted(preset: Preset, before: Iterable[Place]) -> dict[Place, Setting]:
    """What the file should say; the places of ``before`` are those of the file that was read."""
    places = {".".join(place): place for place in before}

    def place_of(name: str) -> Place:
        section, _, key = name.partition(".")
        return places.get(name, (section, key))

    kept = {place_of(name): setting_of(text) for name, text in preset.unknown.items()}
    if preset.synth != diva.SYNTH:
        return {place_of(name): setting for name, setting in preset.settings.items()} | kept
    filled = frozenset(preset.filled)
    return kept | {
        place: preset.settings[key.parameter]
        for place, key in diva.BY_PLACE.items()
        if key.parameter in preset.settings and key.parameter not in filled and place not in kept
    }


def _spelled(values: Mapping[Place, Setting]) -> dict[Place, str]:
    return {place: spelled(value) for place, value in values.items()}
