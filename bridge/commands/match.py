"""`tsumami match`: a sound in, a preset out."""

from pathlib import Path
from typing import Annotated

import typer

_SEARCH = "Search"
_NOTE = "The note that is played"


def match(
    sound: Annotated[Path, typer.Argument(help="Sound to match: WAV, FLAC, OGG, MP3 …")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Preset file to write; its ending says the format.")
    ],
    model: Annotated[
        Path | None,
        typer.Option(
            help="Model that listens (ONNX), of `tsumami train macros --data`; for amsynth, one that ships."
        ),
    ] = None,
    plugin: Annotated[Path | None, typer.Option(help="VST2 or VST3 instrument to match with.")] = None,
    builtin: Annotated[bool, typer.Option("--builtin", help="Match with the built-in synthesizer.")] = False,
    render: Annotated[
        Path | None, typer.Option(help="WAV file of the preset, as `tsumami render` would write it.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Picture (PNG) of the sound and what was found.")] = None,
    refine: Annotated[
        float,
        typer.Option(
            min=0.0,
            help="Seconds to search on from the prediction, by playing patch after patch; Ctrl-C keeps the "
            "best so far.",
            rich_help_panel=_SEARCH,
        ),
    ] = 0.0,
    detail: Annotated[
        bool,
        typer.Option(
            "--detail",
            help="Let faint parts of the sound count in the search, not only the loud ones.",
            rich_help_panel=_SEARCH,
        ),
    ] = False,
    presets: Annotated[
        Path | None,
        typer.Option(
            help="Data set (.zarr) of `tsumami render`, preset file, bank or folder: the search may begin "
            "with the nearest of these.",
            rich_help_panel=_SEARCH,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the search.", rich_help_panel=_SEARCH)] = 0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; one a core.", rich_help_panel=_SEARCH)
    ] = None,
    note: Annotated[int | None, typer.Option(help="MIDI note; the model's.", rich_help_panel=_NOTE)] = None,
    velocity: Annotated[int | None, typer.Option(help="1-127; the model's.", rich_help_panel=_NOTE)] = None,
    hold: Annotated[
        float | None,
        typer.Option(help="Seconds that the key is held; the model's.", rich_help_panel=_NOTE),
    ] = None,
    gain: Annotated[
        float, typer.Option(min=-120.0, max=120.0, help="Make the sound louder first, in dB.")
    ] = 0.0,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Find the preset that sounds most like a sound, by a trained model and, with --refine, by a search."""
    from tsumami.bridge.match.match import MatchOptions, run_match

    is_whole = run_match(
        MatchOptions(
            sound=sound,
            model=model,
            preset=out,
            plugin=plugin,
            builtin=builtin,
            render=render,
            plot=plot,
            refine_seconds=refine,
            detail=detail,
            presets=presets,
            seed=seed,
            workers=workers,
            note={"note": note, "velocity": velocity, "hold_seconds": hold},
            gain_db=gain,
            force=force,
            json=json,
        )
    )
    if not is_whole:
        raise typer.Exit(130)
