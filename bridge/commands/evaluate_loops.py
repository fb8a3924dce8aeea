"""`tsumami evaluate loops`: how good generated loops are."""

import json as json_module
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tsumami.bridge.commands.evaluation import (
    JsonOption,
    OutOption,
    TableOption,
    page_folder,
    print_rows,
    save,
)
from tsumami.bridge.commands.training import training_installed


def loops(
    data: Annotated[Path, typer.Option(help="Folder with bass_notes, groove_midi and drum_kit.")],
    runs: Annotated[Path, typer.Option(help="Folder with runs of `tsumami train loops` at or under it.")],
    table: TableOption = False,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Put generated loops beside loops that nobody has learned from: how near, how varied, how new."""
    folder = page_folder(table, out)
    with training_installed("evaluate"):
        from tsumami.training.loops.evaluate import evaluate
        from tsumami.training.loops.evaluation_files import save_page
        from tsumami.training.loops.evaluation_table import CAPTION, document_of, overview
    with Console(stderr=True).status("reading the runs") as status:
        evaluation = evaluate(data, runs, status.update)
    if folder is not None:
        save(folder, partial(save_page, evaluation))
    if json:
        print(json_module.dumps(document_of(evaluation), allow_nan=False))
        return
    print_rows(*overview(evaluation), None, CAPTION)
