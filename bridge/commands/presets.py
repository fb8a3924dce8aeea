"""`tsumami presets`: what preset files of any synthesizer say, and from one format to another."""

import json as json_module
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tsumami.engine.errors import ParameterError

if TYPE_CHECKING:
    from tsumami.plugins.presets import Preset

presets = typer.Typer(
    help="Look into preset files of any synthesizer, and convert them. "
    "(`tsumami patches` lists what the built-in synthesizer plays.)",
    no_args_is_help=True,
)

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
_Number = Annotated[
    int | None, typer.Option(min=1, help="Which of a bank, counted from 1; FILE#n says the same.")
]
_Name = Annotated[str | None, typer.Option(help="Which of a bank, by name.")]


@presets.command("list")
def list_presets(
    places: Annotated[
        list[Path], typer.Argument(metavar="FILE|FOLDER...", help="Files, and folders to search.")
    ],
    tag: Annotated[list[str] | None, typer.Option(help="Only presets with this tag (repeatable).")] = None,
    json: _Json = False,
) -> None:
    """List presets: name, synthesizer, category, tags and source.

    A file that cannot be read is reported, the others are listed, and the exit status is 2.
    """
    from tsumami.bridge.presets.tables import print_list, tagged

    broken: list[ParameterError] = []
    found = {place: tagged(_read(place, broken), tag or []) for place in places}
    if json:
        rows = [_row(preset) for presets_there in found.values() for preset in presets_there]
        print(json_module.dumps({"presets": rows, "broken": [str(error) for error in broken]}))
    else:
        for place, presets_there in found.items():
            if presets_there:
                print_list(place, presets_there)
        print(_counted(sum(map(len, found.values()))), file=sys.stderr)
    for error in broken:
        print(f"tsumami: {error}", file=sys.stderr)
    if broken:
        raise typer.Exit(2)


@presets.command()
def show(
    place: Annotated[str, typer.Argument(metavar="FILE[#n]", help="Preset file, or the n-th of a bank.")],
    number: _Number = None,
    name: _Name = None,
    json: _Json = False,
) -> None:
    """Show one preset: its parameters with raw value and 0-1 position, and what was not understood."""
    from tsumami.bridge.presets.tables import print_preset
    from tsumami.plugins.presets import document_of, read_preset

    preset = read_preset(place, number=number, name=name)
    if json:
        print(json_module.dumps(document_of(preset)))
    else:
        print_preset(preset)


@presets.command()
def convert(
    source: Annotated[str, typer.Argument(metavar="FILE[#n]|FOLDER", help="What to read.")],
    destination: Annotated[
        Path,
        typer.Argument(help="File to write, whose suffix says the format; or a folder, for one file each."),
    ],
    number: _Number = None,
    name: _Name = None,
    suffix: Annotated[str | None, typer.Option(help="What files in a folder end with, such as json.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    json: _Json = False,
) -> None:
    """Convert presets: banks taken apart or put together, or any preset to JSON.

    amsynth: .bank, and VST2's .fxp and .fxb, to one another.
    VST2: programs .fxp and banks .fxb to one another.
    u-he: .h2p to one with every key written out.
    Built-in synthesizer: .toml banks to patches and back.
    Any of these, .vstpreset and .vital: to .json.

    The state that a plugin has packed itself goes into no other format.
    """
    from tsumami.plugins.presets import convert_presets, read_preset, read_presets, split_place

    if number is not None or name is not None or split_place(source)[1] is not None:
        chosen: tuple[Preset, ...] = (read_preset(source, number=number, name=name),)
    else:
        chosen = read_presets(source)
    written = convert_presets(chosen, destination, suffix=suffix, overwrite=force)
    if json:
        print(json_module.dumps({"presets": len(chosen), "files": [str(path) for path in written]}))
        return
    where = written[0] if len(written) == 1 else f"{len(written)} files in {destination}"
    print(f"{where}: {_counted(len(chosen))}", file=sys.stderr)


@presets.command()
def check(
    places: Annotated[
        list[Path], typer.Argument(metavar="FILE|FOLDER...", help="Files, and folders to search.")
    ],
    parameters: Annotated[
        str, typer.Option(help="List of parameters that a model shall learn: 16, 32 or all.")
    ] = "all",
    plugin: Annotated[
        Path | None, typer.Option(help="The synthesizer; looked for in the standard folders when left out.")
    ] = None,
    json: _Json = False,
) -> None:
    """Look whether presets are fit to train a model with, as far as `tsumami render` would have to go.

    Says what was read: presets, tags, and parameters that are never or always the same. Then loads the
    synthesizer once; where it is not there, this is said last, and the exit status is 2.
    """
    from tsumami.bridge.presets.check import run_check

    broken: list[ParameterError] = []
    found = [preset for place in places for preset in _read(place, broken)]
    for error in broken:
        print(f"tsumami: {error}", file=sys.stderr)
    path = run_check(found, parameters, plugin, json=json)
    if not json:
        words = shlex.join(["--plugin", str(path), "--presets", *map(str, places), "--out", "sounds.zarr"])
        print(f"next: tsumami render {words}")


def _read(place: Path, broken: list[ParameterError]) -> "tuple[Preset, ...]":
    """Presets of a file or folder; errors of files that cannot be read go into ``broken``."""
    from tsumami.plugins.presets import read_presets

    try:
        return read_presets(place, broken.append)
    except ParameterError as error:
        broken.append(error)
        return ()


def _counted(number: int) -> str:
    return "1 preset" if number == 1 else f"{number} presets"


def _row(preset: "Preset") -> dict[str, Any]:
    """What `list` says of a preset."""
    return {
        "name": preset.name,
        "synth": preset.synth,
        "format": preset.format,
        "category": preset.category,
        "tags": list(preset.tags),
        "source": preset.source,
    }
