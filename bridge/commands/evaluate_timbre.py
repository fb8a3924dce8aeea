"""`tsumami evaluate timbre`: the models of timbre put to instruments and presets that they have not heard."""

import datetime
import json as json_module
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tsumami.bridge.bench.report import machine, results_folder
from tsumami.bridge.commands.training import training_installed
from tsumami.engine.errors import ModelError
from tsumami.plugins.offline.data_set import explained


def timbre(
    runs: Annotated[Path, typer.Option(help="Folder of `tsumami train timbre`, with its notes.")],
    seed: Annotated[int, typer.Option(min=0, help="Draws which notes ask and which are in the index.")] = 1,
    table: Annotated[
        bool, typer.Option("--table", help="Write the page, its figures and a JSON document.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for --table; docs/results in a checkout.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Put the models of the timbre paper, and encoders, to unheard instruments and presets."""
    folder = out or results_folder()
    if table and folder is None:
        raise ModelError("out must be given with --table outside a checkout, got none; --out FOLDER")
    with training_installed("evaluate"):
        from tsumami.training.timbre.evaluate import evaluate
        from tsumami.training.timbre.evaluation_files import save_page
        from tsumami.training.timbre.evaluation_table import CAPTION, document_of, overview
        from tsumami.training.timbre.run import find_trained, kept_notes
    with Console(stderr=True).status("reading notes") as status:
        trained = find_trained(runs)
        instruments, split = kept_notes(runs, trained)
        evaluation = evaluate(trained, instruments, split, seed, status.update)
    if table and folder is not None:
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        facts = {"command": shlex.join(["tsumami", *sys.argv[1:]]), "date": today, "machine": machine()}
        with explained(str(folder)):
            for path in save_page(evaluation, folder, facts):
                print(f"{path}: written", file=sys.stderr)
    if json:
        print(json_module.dumps(document_of(evaluation), allow_nan=False))
        return
    headings, rows = overview(evaluation)
    shown = Table(*headings, caption=CAPTION, caption_justify="left")
    for row in rows:
        shown.add_row(*row)
    Console().print(shown)
