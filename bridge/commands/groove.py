"""`tsumami groove`: how far a drum performance leans from its grid."""

from pathlib import Path
from typing import Annotated

import typer


def groove(
    sound: Annotated[Path, typer.Argument(help="Recording of drums: WAV, FLAC, AIFF, OGG …")],
    bpm: Annotated[float | None, typer.Option(help="Tempo that was played to; found if left out.")] = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="MIDI file or recording of what was meant: hits are compared with its hits."),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Picture (PNG) of one page.")] = None,
    midi: Annotated[
        Path | None, typer.Option(help="MIDI file to write: the groove as a template of two bars.")
    ] = None,
    apply: Annotated[
        Path | None, typer.Option(help="MIDI file that the groove is put onto; --midi is then the result.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Show how a drum performance leans from its grid, hit by hit: timing, swing, dynamics, ghost notes."""
    import json as json_module

    from rich.console import Console

    from tsumami.bridge.groove.analysis import analyse
    from tsumami.bridge.groove.report import print_groove
    from tsumami.bridge.groove.written import Written, check_written, write_groove

    written = Written(plot, midi, apply)
    check_written(written, overwrite=force)
    found = analyse(sound, bpm, reference)
    lines = write_groove(found, written)
    if json:
        print(json_module.dumps(found.document(), allow_nan=False))
        return
    print_groove(found, Console())
    for line in lines:
        print(line)
