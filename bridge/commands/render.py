"""`tsumami render`: the live strip, or a plugin's presets by the thousand, offline."""

from pathlib import Path
from typing import Annotated

import typer

_DATA_SET = "Data sets of presets"


def render(
    output: Annotated[
        str | None, typer.Argument(help="WAV file to write (32-bit float), or a data set as --out.")
    ] = None,
    session: Annotated[Path | None, typer.Option(help="Session file; of a log, its own by default.")] = None,
    midi: Annotated[Path | None, typer.Option(help="Standard MIDI File to play.")] = None,
    log: Annotated[Path | None, typer.Option(help="Control log of a live session to play again.")] = None,
    patch: Annotated[str | None, typer.Option(help="Name of the patch.")] = None,
    plugin: Annotated[
        Path | None, typer.Option(help="VST2 or VST3 instrument to render with.", rich_help_panel=_DATA_SET)
    ] = None,
    builtin: Annotated[
        bool,
        typer.Option("--builtin", help="Render with the built-in synthesizer.", rich_help_panel=_DATA_SET),
    ] = False,
    presets: Annotated[
        list[Path] | None,
        typer.Option(
            help="Preset file, bank or folder of them; may be given again.", rich_help_panel=_DATA_SET
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            help="Data set: a path or URL that ends with .zarr, or a folder for WAV files.",
            rich_help_panel=_DATA_SET,
        ),
    ] = None,
    note: Annotated[int | None, typer.Option(help="MIDI note; 60.", rich_help_panel=_DATA_SET)] = None,
    velocity: Annotated[int | None, typer.Option(help="1-127; 100.", rich_help_panel=_DATA_SET)] = None,
    hold: Annotated[
        float | None, typer.Option(help="Seconds that the key is held; 3.5.", rich_help_panel=_DATA_SET)
    ] = None,
    length: Annotated[
        float | None,
        typer.Option(
            help="Seconds that are rendered; 4, or the MIDI file and 2 s more.", rich_help_panel=_DATA_SET
        ),
    ] = None,
    rate: Annotated[
        int | None, typer.Option(help="Samples per second; 22050.", rich_help_panel=_DATA_SET)
    ] = None,
    channels: Annotated[
        int | None, typer.Option(help="1 (the mean) or 2.", rich_help_panel=_DATA_SET)
    ] = None,
    warm_up: Annotated[
        float | None,
        typer.Option(help="Seconds rendered first and discarded; 0.3.", rich_help_panel=_DATA_SET),
    ] = None,
    fresh: Annotated[
        str | None,
        typer.Option(
            help="When the plugin begins anew: patch (always the same sound) or never (faster).",
            rich_help_panel=_DATA_SET,
        ),
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(help="Seconds after which a patch is given up; 30.", rich_help_panel=_DATA_SET),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes; one a core.", rich_help_panel=_DATA_SET)
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(help="Dask scheduler to render on: tcp://host:8786.", rich_help_panel=_DATA_SET),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Markdown file for the report.", rich_help_panel=_DATA_SET)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Render a MIDI file, the log of a live session, or presets by the thousand, faster than real time."""
    if plugin is None and not builtin:
        from tsumami.bridge.render.command import run_render
        from tsumami.engine.errors import SessionError

        if presets or out or cluster:
            raise SessionError("instrument must be given with --plugin PATH or --builtin, got neither")
        path = None if output is None else Path(output)
        run_render(path, session=session, midi=midi, log=log, patch=patch, json=json)
        return
    from tsumami.bridge.render.dataset import RenderOptions, run_render_dataset

    run_render_dataset(
        RenderOptions(
            plugin=plugin,
            builtin=builtin,
            presets=presets or [],
            output=out or output,
            midi=midi,
            live_only={"session": session, "log": log, "patch": patch},
            settings={
                "note": note,
                "velocity": velocity,
                "hold_seconds": hold,
                "length_seconds": length,
                "sample_rate": rate,
                "channels": channels,
                "warm_up_seconds": warm_up,
                "fresh": fresh,
                "time_limit_seconds": time_limit,
            },
            workers=workers,
            cluster=cluster,
            report=report,
            json=json,
        )
    )
