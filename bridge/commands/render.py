"""`tsumami render`: the live strip, offline."""

from pathlib import Path
from typing import Annotated

import typer


def render(
    output: Annotated[Path, typer.Argument(help="WAV file to write (32-bit float).")],
    session: Annotated[Path | None, typer.Option(help="Session file; of a log, its own by default.")] = None,
    midi: Annotated[Path | None, typer.Option(help="Standard MIDI File to play.")] = None,
    log: Annotated[Path | None, typer.Option(help="Control log of a live session to play again.")] = None,
    patch: Annotated[str | None, typer.Option(help="Name of the patch.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Render a MIDI file or the log of a live session to a WAV file, faster than real time."""
    from tsumami.bridge.render_command import run_render

    run_render(output, session=session, midi=midi, log=log, patch=patch, json=json)
