"""`tsumami restore`: a sound file whose lost packets are repaired."""

from pathlib import Path
from typing import Annotated

import typer


def restore(
    sound: Annotated[Path, typer.Argument(help="Sound file: WAV, FLAC, AIFF, OGG …; of any length.")],
    out: Annotated[Path, typer.Argument(help="File to write; its ending says the format.")],
    trace: Annotated[
        Path, typer.Option(help="Text file with a digit for each packet: 1 if it was lost, 0 if not.")
    ],
    packet: Annotated[int, typer.Option(min=1, help="Frames of a packet.")] = 512,
    lookahead_ms: Annotated[
        float,
        typer.Option("--lookahead-ms", min=0.0, help="How much after a gap counts too, at most 100 ms."),
    ] = 0.0,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Repair the lost packets of a sound file; all other samples stay as they are, bit for bit."""
    import json as json_module

    from rich.console import Console
    from rich.progress import Progress

    from tsumami.bridge.restoration.restore import restore_file
    from tsumami.bridge.restoration.trace import read_trace

    lost = read_trace(trace)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("repairing", total=len(lost))
        repair = restore_file(
            sound,
            out,
            lost,
            packet,
            lookahead_ms=lookahead_ms,
            overwrite=force,
            on_progress=lambda done, _of: progress.update(task, completed=done),
        )
    print(json_module.dumps(repair.document()) if json else repair.line())
