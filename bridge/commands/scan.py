"""`tsumami scan`: which plugins are installed, and which of them work."""

import json as json_module
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from tsumami.plugins.scan import Candidate, PluginReport


def scan(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="DIR...", help="Folders or plugins to look at instead of the standard folders."
        ),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Ask plugins that have not changed too.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds that a plugin may take.", min=0.1)] = 20.0,
    workers: Annotated[
        int | None, typer.Option(help="Plugins asked at once (default: as many as cores).", min=1)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Find VST3 and VST2 plugins, load each in a process of its own, and say what it is or why it fails.

    VST2 plugins can be rendered offline, not played live.
    """
    from tsumami.plugins.scan import find_plugins

    places = folders or []
    reports = _scan_with_progress(find_plugins(places), again, timeout, workers or os.cpu_count() or 1)
    if json:
        print(json_module.dumps({"plugins": [_row(report) for report in reports]}))
    elif reports:
        _print_tables(reports)
    else:
        where = ", ".join(map(str, places)) or "the standard folders"
        print(f"no plugins in {where}; name others: tsumami scan DIR")


def _scan_with_progress(
    candidates: "Sequence[Candidate]", again: bool, timeout: float, workers: int
) -> "list[PluginReport]":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from tsumami.plugins.scan import scan as scan_plugins

    columns = (
        TextColumn("asking plugins"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=len(candidates))
        return scan_plugins(
            candidates,
            limit_seconds=timeout,
            workers=workers,
            again=again,
            on_done=lambda done: progress.update(task, advance=1, description=done.path.name),
        )


def _row(report: "PluginReport") -> dict[str, object]:
    """A report without its parameters, which a scan does not keep."""
    import msgspec

    return {key: value for key, value in msgspec.structs.asdict(report).items() if key != "parameters"}


def _print_tables(reports: "Sequence[PluginReport]") -> None:
    """One table a folder, then what could not be used."""
    from rich.console import Console
    from rich.text import Text

    console = Console()
    usable = [report for report in reports if report.is_usable]
    for folder in sorted({Path(report.path).parent for report in usable}):
        console.print(Text(str(folder), style="bold"), soft_wrap=True)
        console.print(_table([report for report in usable if Path(report.path).parent == folder]), "")
    if any(report.format == "VST2" for report in usable):
        console.print("VST2 plugins are for `tsumami render` only.")
    failed = [report for report in reports if not report.is_usable]
    for report in failed:
        console.print(Text(f"{report.path} {report.failure}"), soft_wrap=True)
    if failed:
        console.print("This is remembered until the file changes; `tsumami scan --again` asks anew.")


def _table(reports: "Sequence[PluginReport]") -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("file", "name", "vendor"):
        table.add_column(heading, overflow="fold")
    for heading in ("kind", "format"):
        table.add_column(heading, no_wrap=True)
    for heading in ("parameters", "latency"):
        table.add_column(heading, justify="right", no_wrap=True)
    for report in reports:
        counts = (str(report.parameter_count), str(report.latency_samples))
        words = (Path(report.path).name, report.name, report.vendor, report.kind or "", report.format)
        table.add_row(*map(Text, (*words, *counts)))
    return table
