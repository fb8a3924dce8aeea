"""`tsumami timbre`: sounds found by ear, at any pitch."""

import contextlib
import json as json_module
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tsumami.engine.errors import ParameterError

if TYPE_CHECKING:
    from tsumami.bridge.timbre.index import Index, Near
    from tsumami.bridge.timbre.map_picture import Group
    from tsumami.engine.timbre.encoder import TimbreEncoder

timbre = typer.Typer(
    help="Find presets by ear: what is near to a played, sung or sampled sound, at any pitch.",
    no_args_is_help=True,
)

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
_Model = Annotated[Path | None, typer.Option(help="Encoder (ONNX); the one that ships without it.")]
_Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]
_AnyPitch = Annotated[
    bool, typer.Option("--any-pitch", help="Hear a sound without one clear pitch all the same.")
]
_IndexFile = Annotated[
    Path | None, typer.Option("--index", help="Index to search; the built-in bank's without it.")
]


@timbre.command()
def index(
    sounds: Annotated[
        Path, typer.Argument(metavar="DATASET|FOLDER", help="Data set of `tsumami render`, or sound files.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Index to write (.timbre).")],
    model: _Model = None,
    force: _Force = False,
    json: _Json = False,
) -> None:
    """Hear every sound of a data set or a folder, and keep what it sounds like."""
    from tsumami.bridge.timbre.index import SUFFIX
    from tsumami.bridge.timbre.indexing import make_index
    from tsumami.plugins.offline.data_set import explained

    _check_out(out, SUFFIX, overwrite=force)
    encoder = _encoder(model)
    with _counting("sounds") as show:
        made, left_out = make_index(sounds, encoder, show)
    with explained(str(out)):
        made.save(out)
    if json:
        print(json_module.dumps({"index": str(out), "sounds": len(made), "left_out": left_out}))
        return
    silent = f", {left_out} silent or too short left out" if left_out else ""
    print(f"{out}: {len(made)} sounds{silent}", file=sys.stderr)


@timbre.command()
def find(
    sound: Annotated[
        Path | None, typer.Argument(help="Recording of one note: WAV, FLAC, AIFF, OGG …; none with --live.")
    ] = None,
    index_file: _IndexFile = None,
    count: Annotated[int, typer.Option(min=1, help="How many of the nearest.")] = 5,
    load: Annotated[
        bool, typer.Option("--load", help="Load the nearest into the live session that hears OSC.")
    ] = False,
    osc_port: Annotated[int, typer.Option(help="OSC port of the live session.")] = 9000,
    osc_host: Annotated[str, typer.Option(help="Address of the live session.")] = "127.0.0.1",
    any_pitch: _AnyPitch = False,
    gain: Annotated[float, typer.Option(help="Makes the sound louder, dB.")] = 0.0,
    live: Annotated[
        bool, typer.Option("--live", help="Hear an audio input, and answer to every note, until Ctrl-C.")
    ] = False,
    heard: Annotated[
        str | None, typer.Option("--input", help="Live: audio input, part of its name; the device's own.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Live: audio device, part of its name.")] = None,
    api: Annotated[str | None, typer.Option(help="Live: sound system, such as JACK or ALSA.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Live: stop after this time.", min=0)] = None,
    model: _Model = None,
    json: _Json = False,
) -> None:
    """Find what is nearest to a sound, at any pitch; distances go from 0, the same, to 2."""
    if (sound is None) != live:
        raise ParameterError(f"sound must be a recording, or none with --live, got {sound or 'none'}")
    encoder = _encoder(model)
    searched = _index(index_file, encoder)
    if live:
        tables: dict[str, dict[str, Any]] = {
            "device": {"name": device, "api": api},
            "input": {"source": "device", "device": heard},
        }
        _find_live(
            tables, encoder, searched, count, seconds, (osc_host, osc_port) if load else None, json=json
        )
        return
    from tsumami.bridge.timbre.note import hear_file

    assert sound is not None
    note = hear_file(sound, encoder, any_pitch=any_pitch, gain_db=gain)
    nearest = searched.nearest(note.vectors.timbre, count)
    if load:
        _load(nearest, osc_host, osc_port)
    if json:
        facts = {"sound": str(sound), "note": note.note, "nearest": _documents(nearest)}
        print(json_module.dumps(facts, allow_nan=False))
        return
    _print_nearest(f"{sound.name}, {note.pitch}", nearest)


@timbre.command("map")
def draw(
    out: Annotated[Path, typer.Option("--out", "-o", help="Picture to write (PNG).")],
    index_file: _IndexFile = None,
    groups: Annotated[
        int | None, typer.Option(help="How many groups, 20 at most; one for each eight sounds without it.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same map.")] = 1,
    model: _Model = None,
    force: _Force = False,
    json: _Json = False,
) -> None:
    """Draw a bank as a map: what sounds alike lies together, in groups with names."""
    from tsumami.bridge.timbre.map_picture import check_map, draw_map, groups_of, places_of
    from tsumami.plugins.offline.data_set import explained
    from tsumami.plugins.offline.wav import write_beside

    check_map()
    _check_out(out, ".png", overwrite=force)
    shown = _index(index_file, _encoder(model))
    found = groups_of(shown, groups, seed)
    places = places_of(shown, seed)
    with explained(str(out)):
        write_beside(out, draw_map(shown, found, places))
    if json:
        print(json_module.dumps(_map_document(shown, found, places), allow_nan=False))
        return
    for group in found:
        print(f"{group.name}: {', '.join(shown.names[row] for row in group.rows[:8])}", end="")
        print(f" and {len(group.rows) - 8} more" if len(group.rows) > 8 else "")


@timbre.command()
def swap(
    pitch: Annotated[Path, typer.Argument(metavar="A", help="Recording of the note whose pitch is kept.")],
    sound: Annotated[Path, typer.Argument(metavar="B", help="Recording of the note whose timbre it gets.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Sound to write (WAV).")],
    force: _Force = False,
    json: _Json = False,
) -> None:
    """Make a note with the pitch of one recording and the timbre of another."""
    from tsumami.bridge.timbre.note import pitched_note
    from tsumami.engine.timbre.features import SAMPLE_RATE
    from tsumami.plugins.match.swap import check_phase, swapped
    from tsumami.plugins.offline.data_set import explained
    from tsumami.plugins.offline.wav import wav_bytes, write_beside

    check_phase()
    _check_out(out, ".wav", overwrite=force)
    _, wanted = pitched_note(pitch)
    samples, note = pitched_note(sound)
    made = swapped(samples, note, wanted)
    with explained(str(out)):
        write_beside(out, wav_bytes(made, SAMPLE_RATE))
    facts = {"out": str(out), "note": wanted, "seconds": round(len(made) / SAMPLE_RATE, 3)}
    if json:
        print(json_module.dumps(facts))
        return
    print(f"{out}: the pitch of {pitch.name} with the timbre of {sound.name}", file=sys.stderr)


def _encoder(model: Path | None) -> "TimbreEncoder":
    from tsumami.engine.timbre.encoder import TimbreEncoder

    encoder = TimbreEncoder(model)
    encoder.prepare()
    return encoder


def _index(path: Path | None, encoder: "TimbreEncoder") -> "Index":
    from tsumami.bridge.timbre.index import load_index
    from tsumami.bridge.timbre.indexing import builtin_index

    if path is not None:
        return load_index(path, encoder)
    with _counting("patches of the built-in bank") as show:
        return builtin_index(encoder, show)


def _find_live(
    tables: dict[str, dict[str, Any]],
    encoder: "TimbreEncoder",
    searched: "Index",
    count: int,
    seconds: float | None,
    load_at: tuple[str, int] | None,
    *,
    json: bool,
) -> None:
    """Answer to every note of an input; one JSON line each with ``json``."""
    from tsumami.bridge.session.overrides import overridden
    from tsumami.bridge.session.tables import Session
    from tsumami.bridge.timbre.live_find import find_live
    from tsumami.bridge.timbre.note import name_of_note

    session = overridden(Session(), **tables)
    for found in find_live(session, encoder, searched, count, seconds, _tell):
        if load_at is not None:
            _load(found.nearest, *load_at)
        if json:
            facts = {"begin_seconds": round(found.begin_seconds, 3), "note": found.note}
            print(json_module.dumps({**facts, "nearest": _documents(found.nearest)}), flush=True)
        else:
            pitch = "no clear pitch" if found.note is None else name_of_note(round(found.note))
            _print_nearest(f"{found.begin_seconds:.1f} s, {pitch}", found.nearest)


def _tell(text: str) -> None:
    print(f"tsumami: {text}", file=sys.stderr)


def _load(nearest: "Sequence[Near]", host: str, port: int) -> None:
    from tsumami.bridge.timbre.loading import load_patch

    load_patch(nearest[0].name, host, port)
    _tell(f"{nearest[0].name} is loaded")


def _print_nearest(title: str, nearest: "Sequence[Near]") -> None:
    print(title)
    for near in nearest:
        print(f"  {near.distance:.3f}  {near.name}")


def _documents(nearest: "Sequence[Near]") -> list[dict[str, Any]]:
    return [{"name": near.name, "distance": round(near.distance, 4)} for near in nearest]


def _map_document(shown: "Index", groups: "Sequence[Group]", places: Any) -> dict[str, Any]:
    rows = [
        {
            "name": shown.names[row],
            "group": group.name,
            "x": float(places[row, 0]),
            "y": float(places[row, 1]),
        }
        for group in groups
        for row in group.rows
    ]
    return {"sounds": rows}


def _check_out(path: Path, suffix: str, *, overwrite: bool) -> None:
    """Refuse a name of another kind, or a file that is there, before any work."""
    from tsumami.plugins.presets.formats import check_unused

    if path.suffix.lower() != suffix:
        raise ParameterError(f"--out must end with {suffix}, got {path}")
    check_unused(path, overwrite=overwrite)


@contextlib.contextmanager
def _counting(title: str) -> Iterator[Callable[[int, int], object]]:
    """A bar, moved by calling what is given with how much is done and of how much."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)
