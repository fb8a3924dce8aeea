"""`tsumami restore`: a sound file whose damage is repaired."""

from pathlib import Path
from typing import Annotated

import typer


def restore(
    sound: Annotated[Path, typer.Argument(help="Sound file: WAV, FLAC, AIFF, OGG …; of any length.")],
    out: Annotated[Path, typer.Argument(help="File to write; its ending says the format.")],
    trace: Annotated[
        Path | None,
        typer.Option(
            help="Text file with a digit for each packet: 1 if it was lost, 0 if not. "
            "Without it damage is looked for in the sound."
        ),
    ] = None,
    packet: Annotated[int | None, typer.Option(min=1, help="Frames of a packet of the trace; 512.")] = None,
    detect: Annotated[
        str | None,
        typer.Option(
            help="What is looked for, with commas between: zeros, repeats, clicks, clips; all but clips, "
            "as much music is clipped on purpose."
        ),
    ] = None,
    lookahead_ms: Annotated[
        float | None,
        typer.Option(
            "--lookahead-ms",
            min=0.0,
            help="How much after a gap counts too, at most 100 ms; with a trace none, else all that helps.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|none",
            help="Model that weighs what gaps are filled with (ONNX, of `tsumami train mixer`); the one that "
            "ships. `none` does without.",
        ),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Picture (PNG) of some repairs, before and after; needs matplotlib.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Repair the damage of a sound file; all other samples stay as they are, bit for bit."""
    import json as json_module

    from rich.console import Console
    from rich.progress import Progress

    from tsumami.bridge.restoration.job import Job, restore_by

    job = Job(sound, out, trace, packet, detect, lookahead_ms, model, plot, overwrite=force)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("reading", total=1.0)
        repair = restore_by(job, lambda what, share: progress.update(task, description=what, completed=share))
    print(json_module.dumps(repair.document()) if json else repair.line())
