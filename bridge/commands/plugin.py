"""`tsumami plugin`: one plugin and its parameters."""

import json as json_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tsumami.plugins.scan import ParameterReport, PluginReport

_LONGEST_CHOICES = 32


def plugin(
    path: Annotated[Path, typer.Argument(help="VST3 or VST2 plugin.")],
    name: Annotated[str | None, typer.Option(help="Which plugin, of a file that holds several.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that the plugin may take.", min=0.1)] = 20.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Load a plugin in a process of its own and list its parameters with their addresses.

    A mapping or a session addresses a parameter by "#index", "id:number" (which later versions of the plugin
    keep), or its name where no other has the same.
    """
    import msgspec

    from tsumami.engine.errors import PluginError
    from tsumami.plugins.scan import probe

    reports = probe(path, name, timeout)
    failure = next((report.failure for report in reports if report.failure), "")
    if failure:
        raise PluginError(f"plugin must be one that works here, got {path}, which {failure}")
    if len(reports) > 1:
        names = ", ".join(f'"{report.name}"' for report in reports)
        raise PluginError(
            f"plugin must be one of {names}, got {path}, which holds them all; choose with --name"
        )
    if json:
        print(json_module.dumps(msgspec.to_builtins(reports[0])))
    else:
        _print(reports[0])


def _print(report: "PluginReport") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    facts = [report.name, report.version, f"by {report.vendor}" if report.vendor else ""]
    use = "" if report.format == "VST3" else ", for `tsumami render` only"
    console.print(Text(" ".join(filter(None, facts)), style="bold"))
    console.print(
        Text(
            f"{report.format} {report.kind}{use}; latency {report.latency_samples} samples; "
            f"{report.parameter_count} parameters"
        )
    )
    table = Table("#", "id", "name", "default", "", "choices")
    for row in report.parameters:
        table.add_row(*map(Text, _cells(row)))
    console.print(table)
    if any(row.is_ambiguous for row in report.parameters):
        console.print("* the name stands for several parameters: say #index or id:number")
    for note in report.notes:
        console.print(Text(note), soft_wrap=True)


def _cells(row: "ParameterReport") -> tuple[str, ...]:
    text = row.text if not row.unit or row.text.endswith(row.unit) else f"{row.text} {row.unit}"
    choices = ", ".join(row.choices)
    if len(choices) > _LONGEST_CHOICES:
        choices = f"{len(row.choices)}: {row.choices[0]} … {row.choices[-1]}"
    unique_id = "" if row.unique_id is None else str(row.unique_id)
    name = f"{row.name} *" if row.is_ambiguous else row.name
    return str(row.index), unique_id, name, f"{row.default:.4g}", text, choices
