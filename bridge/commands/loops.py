"""`tsumami loops`: generated loops as files, in whole bars at a tempo."""

import json as json_module
import sys
from pathlib import Path
from typing import Annotated

import typer

from tsumami.engine.loops.wishes import LoopKind


def loops(
    out: Annotated[Path, typer.Argument(help="Folder for the loops: 0001.wav and on.")],
    bpm: Annotated[float, typer.Option(help="Tempo, 40-240.")] = 120.0,
    bars: Annotated[int, typer.Option(help="Length of each, 1-8 bars of four beats.")] = 1,
    count: Annotated[int, typer.Option(min=1, max=9999, help="How many.")] = 16,
    seed: Annotated[int, typer.Option(min=0, help="Of the first; the same seed gives the same loop.")] = 1,
    kind: Annotated[LoopKind, typer.Option(help="What plays.")] = "bass",
    density: Annotated[float, typer.Option(help="Share of the sixteenths with a sound on them, 0-1.")] = 0.5,
    brightness: Annotated[float, typer.Option(help="From dark to bright, 0-1.")] = 0.5,
    sample_rate: Annotated[int, typer.Option(min=8000, max=192_000, help="Samples per second.")] = 48_000,
    model: Annotated[
        Path | None, typer.Option(help="Model of kind loops; the one that ships without it.")
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw them too, into loops.png.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Write generated loops: WAV files that go round without a seam, with loop points and tempo in them."""
    from tsumami.bridge.loops.writing import Order, write_loops
    from tsumami.engine.loops.wishes import Wish

    order = Order(Wish(kind, bpm, density, brightness), bars, count, seed, sample_rate)
    written = write_loops(order, out, model=model, has_picture=plot, overwrite=force)
    if json:
        print(json_module.dumps(written.document(), allow_nan=False))
        return
    for path in written.paths:
        print(path)
    print(
        f"{count} loops of {written.frames} frames, {written.frames / sample_rate:.3f} s, "
        f"made in {written.seconds:.2f} s",
        file=sys.stderr,
    )
