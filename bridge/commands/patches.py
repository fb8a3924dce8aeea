"""`tsumami patches`: what can be played."""

import json as json_module
from pathlib import Path
from typing import Annotated

import typer


def patches(
    bank: Annotated[
        Path | None, typer.Option(help="Bank (TOML) to list instead of the built-in one.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """List the patches that the built-in synthesizer plays: program change number, name, category and tags.

    (`tsumami presets` looks into preset files of any synthesizer.)
    """
    from rich.console import Console
    from rich.table import Table

    from tsumami.plugins import load_bank

    found = load_bank() if bank is None else load_bank(bank)
    if json:
        rows = [
            {"program": number, "name": patch.name, "category": patch.category, "tags": sorted(patch.tags)}
            for number, patch in enumerate(found)
        ]
        print(json_module.dumps(rows))
        return
    table = Table("program", "name", "category", "tags")
    for number, patch in enumerate(found):
        table.add_row(str(number), patch.name, patch.category, " ".join(sorted(patch.tags)))
    Console().print(table)
