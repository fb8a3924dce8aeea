"""`tsumami evaluate`: trained models judged by the sounds that they ask for."""

import json as json_module
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from tsumami.bridge.bench.report import results_folder
from tsumami.bridge.commands.evaluate_loops import loops
from tsumami.bridge.commands.evaluate_timbre import timbre
from tsumami.bridge.commands.evaluation import facts, print_rows
from tsumami.bridge.commands.training import training_installed
from tsumami.engine.errors import ModelError
from tsumami.plugins.offline.data_set import explained

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
    table: Annotated[
        bool, typer.Option("--table", help="Write the page, its figures and a JSON document.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for --table; docs/results in a checkout.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that render; one a core by default.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Put held-out sounds to models and baselines, render their answers, and measure how far off they are."""
    folder = out or results_folder()
    if table and folder is None:
        raise ModelError("out must be given with --table outside a checkout, got none; --out FOLDER")
    outcome = _outcome(data, runs, parameters or ["16", "32"], other or [], workers)
    for stranger in outcome.strangers:
        print(f"{stranger}: trained on something else, left out", file=sys.stderr)
    if table and folder is not None:
        _save(outcome.evaluations, folder)
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
    table: Annotated[
        bool, typer.Option("--table", help="Write the page, its figure and a JSON document.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for --table; docs/results in a checkout.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Put held-out tunes to the models of the restoration paper and to baselines: SDR of magnitudes."""
    folder = out or results_folder()
    if table and folder is None:
        raise ModelError("out must be given with --table outside a checkout, got none; --out FOLDER")
    with training_installed("evaluate"):
        from tsumami.training.restoration.evaluate import evaluate as evaluate_tunes
        from tsumami.training.restoration.evaluation_files import save_page
        from tsumami.training.restoration.evaluation_table import by_tune, document_of, overview
        from tsumami.training.restoration.tunes import read_tunes
    with Console(stderr=True).status("reading the tunes") as status:
        evaluation = evaluate_tunes(read_tunes(data), runs, status.update)
    for stranger in evaluation.strangers:
        print(f"{stranger}: trained on something else, left out", file=sys.stderr)
    if table and folder is not None:
        with explained(str(folder)):
            for path in save_page(evaluation, folder, facts()):
                print(f"{path}: written", file=sys.stderr)
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
    table: Annotated[
        bool, typer.Option("--table", help="Write the page, its figures and a JSON document.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for --table; docs/results in a checkout.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Put the models of the groove paper to unheard beats, deviations and ghost notes."""
    folder = out or results_folder()
    if table and folder is None:
        raise ModelError("out must be given with --table outside a checkout, got none; --out FOLDER")
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
    if table and folder is not None:
        with explained(str(folder)):
            for path in save_page(evaluation, folder, facts()):
                print(f"{path}: written", file=sys.stderr)
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


def _save(evaluations: "Sequence[Evaluation]", folder: Path) -> None:
    from tsumami.training.macros.evaluation_files import save_page

    with explained(str(folder)):
        for path in save_page(evaluations, folder, facts()):
            print(f"{path}: written", file=sys.stderr)


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
