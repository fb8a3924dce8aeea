"""`tsumami bench`: measure this machine, beside what else there is."""

import importlib
import inspect
import json as json_module
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from tsumami.bridge.bench.report import Report, results_folder
from tsumami.bridge.bench.table import BENCHES, Bench

bench = typer.Typer(help="Measure this machine, beside what else there is.", no_args_is_help=True)

_JSON = typer.Option(False, "--json", help="Print one JSON document on standard output.")
_OUTPUT = typer.Option(None, "--output", help="Folder for the results; docs/results in a checkout.")


def _command(row: Bench) -> Callable[..., None]:
    """The command of one row: its own options, then --json and --output."""

    def command(**given: Any) -> None:
        json, output = given.pop("json"), given.pop("output")
        module = importlib.import_module(f"tsumami.bridge.bench.{row.name}")
        report: Report = module.run(
            **{name: value for name, value in given.items() if value not in (None, [])}
        )
        folder = output or results_folder()
        if folder is not None:
            report.save(folder)
        if json:
            print(json_module.dumps(report.document(), allow_nan=False))
        else:
            report.print()

    options = [
        _parameter(option.name, option.kind | None, typer.Option(None, option.flag, help=option.help))
        for option in row.options
    ]
    options += [_parameter("json", bool, _JSON), _parameter("output", Path | None, _OUTPUT)]
    # Typer reads a command's options from its signature, so the table's rows become one.
    command.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    command.__annotations__ = {option.name: option.annotation for option in options}
    command.__doc__ = row.help
    return command


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


for _row in BENCHES:
    bench.command(_row.name)(_command(_row))
