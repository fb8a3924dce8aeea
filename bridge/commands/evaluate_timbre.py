"""`tsumami evaluate timbre`: the models of timbre put to instruments and presets that they have not heard."""

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


def timbre(
    runs: Annotated[Path, typer.Option(help="Folder of `tsumami train timbre`, with its notes.")],
    seed: Annotated[int, typer.Option(min=0, help="Draws which notes ask and which are in the index.")] = 1,
    table: TableOption = False,
    out: OutOption = None,
    json: JsonOption = False,
) -> None:
    """Put the models of the timbre paper, and encoders, to unheard instruments and presets."""
    folder = page_folder(table, out)
    with training_installed("evaluate"):
        from tsumami.training.timbre.evaluate import evaluate
        from tsumami.training.timbre.evaluation_files import save_page
        from tsumami.training.timbre.evaluation_table import CAPTION, document_of, overview
        from tsumami.training.timbre.run import find_trained, kept_notes
    with Console(stderr=True).status("reading notes") as status:
        trained = find_trained(runs)
        instruments, split = kept_notes(runs, trained)
        evaluation = evaluate(trained, instruments, split, seed, status.update)
    if folder is not None:
        save(folder, partial(save_page, evaluation))
    if json:
        print(json_module.dumps(document_of(evaluation), allow_nan=False))
        return
    print_rows(*overview(evaluation), None, CAPTION)
