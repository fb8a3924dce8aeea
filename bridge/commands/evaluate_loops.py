"""`tsumami evaluate loops`: how good generated loops are."""

import json as json_module
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tsumami.bridge.bench.report import results_folder
from tsumami.bridge.commands.evaluation import facts, print_rows
from tsumami.bridge.commands.training import training_installed
from tsumami.engine.errors import ModelError
from tsumami.plugins.offline.data_set import explained


def loops(
    data: Annotated[Path, typer.Option(help="Folder with bass_notes, groove_midi and drum_kit.")],
    runs: Annotated[Path, typer.Option(help="Folder with runs of `tsumami train loops` at or under it.")],
    table: Annotated[
        bool, typer.Option("--table", help="Write the page, its figures and a JSON document.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for --table; docs/results in a checkout.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Put generated loops beside loops that nobody has learned from: how near, how varied, how new."""
    folder = out or results_folder()
    if table and folder is None:
        raise ModelError("out must be given with --table outside a checkout, got none; --out FOLDER")
    with training_installed("evaluate"):
        from tsumami.training.loops.evaluate import evaluate
        from tsumami.training.loops.evaluation_files import save_page
        from tsumami.training.loops.evaluation_table import CAPTION, document_of, overview
    with Console(stderr=True).status("reading the runs") as status:
        evaluation = evaluate(data, runs, status.update)
    if table and folder is not None:
        with explained(str(folder)):
            for path in save_page(evaluation, folder, facts()):
                print(f"{path}: written", file=sys.stderr)
    if json:
        print(json_module.dumps(document_of(evaluation), allow_nan=False))
        return
    print_rows(*overview(evaluation), None, CAPTION)
