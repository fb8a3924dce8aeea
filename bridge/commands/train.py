"""`tsumami train`: models from rendered patches, as files that the engine runs."""

import json as json_module
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tsumami.engine.errors import ModelError

train = typer.Typer(help="Train a model and export it for the engine.", no_args_is_help=True)


class Instrument(StrEnum):
    """What macros can be trained for."""

    BUILTIN = "builtin"


class BudgetName(StrEnum):
    """How much a run may spend."""

    SMOKE = "smoke"
    SMALL = "small"
    FULL = "full"


@train.callback()
def choose_model() -> None:
    """Train a model and export it for the engine."""


@train.command()
def macros(
    out: Annotated[Path, typer.Option(help="ONNX file to write; its model card is written beside it.")],
    instrument: Annotated[Instrument, typer.Option(help="Whose parameters to learn.")] = Instrument.BUILTIN,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same run.")] = 1,
    budget: Annotated[BudgetName, typer.Option(help="How much to spend.")] = BudgetName.SMALL,
    folder: Annotated[
        Path | None, typer.Option(help="Where renders and finished stages are kept, to go on from.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Learn macro knobs: render patches, train, export, sweep every knob, and write the model card."""
    try:
        from tsumami.training.macros.train import train_macros
    except ImportError as error:
        raise ModelError(
            f"libraries of training must be installed to train, got no {error.name}; "
            "pip install 'tsumami[training]'"
        ) from None
    options = ["--instrument", instrument.value, "--seed", str(seed), "--budget", budget.value]
    command = shlex.join(["tsumami", "train", "macros", *options, "--out", out.as_posix()])
    trained = train_macros(out, budget=budget.value, seed=seed, folder=folder, command=command)
    metrics = dict(trained.contract.metrics)
    if json:
        document = {"model": str(out), "seconds": round(trained.seconds, 1), "metrics": metrics}
        print(json_module.dumps(document, allow_nan=False))
        return
    print(f"{out}: trained in {trained.seconds / 60:.1f} minutes", file=sys.stderr)
    for verdict in trained.verdicts:
        print(f"{verdict.macro:12} monotone on {verdict.monotone:.0%} of unseen patches", file=sys.stderr)
