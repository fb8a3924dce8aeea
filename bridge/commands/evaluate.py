"""`tsumami evaluate`: trained models judged by the sounds that they ask for."""

import json as json_module
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from tsumami.bridge.commands.evaluate_loops import loops
from tsumami.bridge.commands.evaluate_timbre import timbre
from tsumami.bridge.commands.evaluation import (
    JsonOption,
    OutOption,
    TableOption,
    page_folder,
    print_rows,
    save,
)
from tsumami.bridge.commands.training import training_installed

if TYPE_CHECKING:
    from tsumami.training.macros.evaluate import Evaluation, Judged
    from tsumami.training.macros.evaluate_runs import Outcome

evaluate = typer.Typer(help="Judge trained models by what they ask for.", no_args_is_help=True)
evaluate.command()(loops)
evaluate.command()(timbre)


@evaluate.callback()
def choose_system() -> None:
    """Judge trained models by what they ask for."""


@evaluate.command()
def macros(
    data: Annotated[Path, typer.Option(help="Data set of `tsumami render` that the models learned from.")],
    runs: Annotated[
        Path | None, typer.Option(help="Folder with runs of `tsumami train macros` at or under it.")
    ] = None,
    parameters: Annotated[
        list[str] | None, typer.Option(help="A list of parameters: 16, 32 or all; may be repeated.")
    ] = None,
    other: Annotated[
        list[Path] | None,
        typer.Option(
            help="Sounds that the instrument did not make: a folder of recordings or a data set (NAME.zarr) "
            "of another instrument; may be repeated."
        ),
    ] = None,
    table: TableOption = False,
    out: OutOption = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that render; one a core by default.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Put held-out sounds to models and baselines, render their answers, and measure how far off they are."""
    folder = page_folder(table, out)
    outcome = _outcome(data, runs, parameters or ["16", "32"], other or [], workers)
    for stranger in outcome.strangers:
        print(f"{stranger}: trained on something else, left out", file=sys.stderr)
    if folder is not None:
        from tsumami.training.macros.evaluation_files import save_page

        save(folder, partial(save_page, outcome.evaluations))
    if json:
        from tsumami.training.macros.evaluation_table import document_of

        documents = [document_of(evaluation) for evaluation in outcome.evaluations]
        print(json_module.dumps({"evaluations": documents}, allow_nan=False))
        return
    for evaluation in outcome.evaluations:
        _print(evaluation)


@evaluate.command()
def restoration(
    data: Annotated[Path, typer.Option(help="Folder of music, one file a tune.")],
    runs: Annotated[
        Path | None, typer.Option(help="Folder with runs of `tsumami train restoration` at or under it.")
    ] = None,
    table: TableOption = False,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Put held-out tunes to the models of the restoration paper and to baselines: SDR of magnitudes."""
    folder = page_folder(table, out)
    with training_installed("evaluate"):
        from tsumami.training.restoration.evaluate import evaluate as evaluate_tunes
        from tsumami.training.restoration.evaluation_files import save_page
        from tsumami.training.restoration.evaluation_table import by_tune, document_of, overview
        from tsumami.training.restoration.tunes import read_tunes
    with Console(stderr=True).status("reading the tunes") as status:
        evaluation = evaluate_tunes(read_tunes(data), runs, status.update)
    for stranger in evaluation.strangers:
        print(f"{stranger}: trained on something else, left out", file=sys.stderr)
    if folder is not None:
        save(folder, partial(save_page, evaluation))
    if json:
        print(json_module.dumps(document_of(evaluation), allow_nan=False))
        return
    for part in (overview(evaluation), by_tune(evaluation)):
        print_rows(*part)


@evaluate.command()
def groove(
    data: Annotated[Path, typer.Option(help="Folder with groove_midi and drum_kit.")],
    runs: Annotated[Path, typer.Option(help="Folder with runs of `tsumami train groove` at or under it.")],
    piece: Annotated[
        str | None, typer.Option(help="The performance that was learned from: a part of its path.")
    ] = None,
    pieces: Annotated[int, typer.Option(min=1, help="Performances that were not, to compare.")] = 20,
    table: TableOption = False,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Put the models of the groove paper to unheard beats, deviations and ghost notes."""
    folder = page_folder(table, out)
    with training_installed("evaluate"):
        from tsumami.training.groove.evaluate import evaluate as evaluate_runs
        from tsumami.training.groove.evaluation_files import save_page
        from tsumami.training.groove.evaluation_table import CAPTION, document_of, overview
        from tsumami.training.groove.piece import PIECE, read_section
        from tsumami.training.groove.pieces import read_pieces
        from tsumami.training.groove.run import find_runs
    with Console(stderr=True).status("rendering performances") as status:
        found, section = find_runs(runs), read_section(data, piece or PIECE)
        evaluation = evaluate_runs(found, section, read_pieces(data, pieces), status.update)
    if folder is not None:
        save(folder, partial(save_page, evaluation))
    if json:
        print(json_module.dumps(document_of(evaluation), allow_nan=False))
        return
    print_rows(*overview(evaluation), None, CAPTION)


def _outcome(
    data: Path, runs: Path | None, lists: list[str], others: list[Path], workers: int | None
) -> "Outcome":
    with training_installed("evaluate"):
        from tsumami.training.macros.evaluate_runs import evaluate_runs
    with Console(stderr=True).status("reading the data set") as status:
        return evaluate_runs(data, lists, runs, others=others, workers=workers, on_step=status.update)


def _print(evaluation: "Evaluation") -> None:
    """Median and mean of every metric on standard output."""
    from tsumami.training.macros.evaluation_table import about, about_others, title_of

    _print_table(evaluation, title_of(evaluation), about(evaluation))
    for judged in evaluation.others:
        title = f"{title_of(evaluation)}, other sounds: {judged.sounds.name}"
        _print_table(judged, title, about_others(judged))


def _print_table(judged: "Judged", title: str, caption: str) -> None:
    from tsumami.training.macros.evaluation_table import overview

    print_rows(*overview(judged), title, caption)
