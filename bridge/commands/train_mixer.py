"""`tsumami train mixer`: what weighs the parts of which `tsumami restore` mixes lost packets."""

import json as json_module
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from tsumami.bridge.commands.training import BudgetName, training_installed
from tsumami.engine.errors import ModelError


def mixer(
    data: Annotated[
        list[Path],
        typer.Option(
            help="Folder of sound: recordings of music, or single notes, a folder for each instrument; "
            "may be repeated."
        ),
    ],
    folder: Annotated[Path, typer.Option(help="Where examples and epochs are kept, to go on from.")],
    out: Annotated[Path, typer.Option(help="ONNX file to write; its model card is written beside it.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same run.")] = 1,
    budget: Annotated[BudgetName, typer.Option(help="How much to spend.")] = BudgetName.SMALL,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Learn to mix what lost packets are continued with, from gaps cut into any sound.

    Given again after it was stopped, it goes on where it was.
    """
    if out.suffix != ".onnx":
        raise ModelError(f"out must end with .onnx, got {out}; its card is written beside it")
    with training_installed("train"):
        from tsumami.training.restoration.mixer_export import save_mixer
        from tsumami.training.restoration.mixer_fit import fit_mixer
    command = shlex.join(["tsumami", *sys.argv[1:]])
    trained = fit_mixer(data, folder, budget=budget.value, seed=seed, command=command)
    contract = save_mixer(trained, out)
    if json:
        document = {"model": str(out), "epoch": trained.epoch, "metrics": dict(contract.metrics)}
        print(json_module.dumps(document, allow_nan=False))
        return
    print(f"{out}: epoch {trained.epoch} of {trained.schedule.epochs}", file=sys.stderr)
    for name, value in contract.metrics.items():
        print(f"{name} {value:.3g}", file=sys.stderr)
