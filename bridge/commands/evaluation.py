"""What the commands that judge models share."""

import datetime
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tsumami.bridge.bench.report import machine, results_folder
from tsumami.engine.errors import ModelError
from tsumami.plugins.offline.data_set import explained

TableOption = Annotated[
    bool, typer.Option("--table", help="Write the page, its figures and a JSON document.")
]
OutOption = Annotated[Path | None, typer.Option(help="Folder for --table; docs/results in a checkout.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


def page_folder(table: bool, out: Path | None) -> Path | None:
    """Where the page goes, None where none is wanted; raises `ModelError` before anything is judged."""
    if not table:
        return None
    folder = out or results_folder()
    if folder is None:
        raise ModelError("out must be given with --table outside a checkout, got none; --out FOLDER")
    return folder


def save(folder: Path, save_page: Callable[[Path, dict[str, Any]], Iterable[Path]]) -> None:
    """Let the page be written to a folder, with the facts of this run, and say which files it is."""
    with explained(str(folder)):
        for path in save_page(folder, facts()):
            print(f"{path}: written", file=sys.stderr)


def facts() -> dict[str, Any]:
    """Of this run, for a page."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return {"command": shlex.join(["tsumami", *sys.argv[1:]]), "date": today, "machine": machine()}


def print_rows(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    title: str | None = None,
    caption: str | None = None,
) -> None:
    """A table on standard output; the first column is words."""
    table = Table(title=title, caption=caption, caption_justify="left")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
