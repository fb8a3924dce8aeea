"""What the commands that judge models share."""

import datetime
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from tsumami.bridge.bench.report import machine


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
