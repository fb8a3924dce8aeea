"""Presets as a person reads them: a row each, or all of one."""

import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tsumami.plugins.presets import Preset

_LONGEST_VALUE = 60


def print_list(place: Path, presets: Sequence[Preset]) -> None:
    """Name, synth, category and tags of each, and the file below ``place`` that it is in."""
    folder = place if place.is_dir() else place.parent
    table = Table(title=_printable(str(place)), title_justify="left")
    for heading in ("name", "synth", "category", "tags"):
        table.add_column(heading)
    table.add_column("file", overflow="fold")  # whole, so that it can be given to other commands
    for preset in presets:
        tags = ", ".join(preset.tags)
        _add(table, preset.name, preset.synth, preset.category, tags, os.path.relpath(preset.source, folder))
    Console().print(table)


def print_preset(preset: Preset) -> None:
    """What a preset is, its parameters, and what of its file was not understood."""
    console = Console()
    console.print(_summary(preset))
    if preset.settings:
        console.print(_parameters(preset))
    if preset.unknown:
        unknown = Table("not understood, kept", "value")
        for name, text in preset.unknown.items():
            _add(unknown, name, text)
        console.print(unknown)


def _summary(preset: Preset) -> Table:
    table = Table(show_header=False, box=None)
    state = f"{len(preset.state):,} bytes" if preset.state is not None else ""
    rows = {
        "name": preset.name,
        "synth": preset.synth,
        "format": preset.format,
        "category": preset.category,
        "tags": ", ".join(preset.tags),
        "author": preset.author,
        "comment": preset.comment,
        "source": preset.source,
        "plugin id": preset.plugin_id,
        "state": state,
        "defaults": f"{len(preset.filled)} filled in" if preset.filled else "",
        "out of range": ", ".join(preset.clipped),
    }
    for label, text in rows.items():
        if text:
            table.add_row(label, Text(_printable(text)))
    return table


def _parameters(preset: Preset) -> Table:
    table = Table("parameter", "value", "position", "note")
    filled, clipped = frozenset(preset.filled), frozenset(preset.clipped)
    for name, value in preset.settings.items():
        position = f"{preset.positions[name]:.4f}" if name in preset.positions else ""
        note = "default" if name in filled else "clipped" if name in clipped else ""
        _add(table, name, value if isinstance(value, str) else f"{value:g}", position, note)
    return table


def _add(table: Table, *cells: str) -> None:
    table.add_row(*(Text(_printable(_shortened(cell))) for cell in cells[:-1]), Text(_printable(cells[-1])))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _printable(text: str) -> str:
    """``text`` without what would steer a terminal."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def tagged(presets: Sequence[Preset], tags: Sequence[str]) -> list[Preset]:
    """Those that have all of ``tags``, in whatever case."""
    wanted = {tag.lower() for tag in tags}
    return [preset for preset in presets if wanted <= {tag.lower() for tag in preset.tags}]
