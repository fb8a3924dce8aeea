"""`tsumami train groove` and `tsumami train hits`: what hears drums, learned from performances."""

import json as json_module
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tsumami.bridge.commands.training import BudgetName, training_installed
from tsumami.engine.errors import ModelError
from tsumami.plugins.offline.data_set import explained

_KITS = Path("/usr/share/hydrogen/data/drumkits")

Data = Annotated[Path, typer.Option(help="Folder with groove_midi and drum_kit.")]


class GrooveModel(StrEnum):
    """Models of the groove paper by what disturbs their input, then its outlook."""

    NONE = "none"
    WEAK = "weak"
    CONDITIONAL = "conditional"
    ANTI_PHASE = "anti_phase"
    MIXTURE = "mixture"
    MIXTURE_CONDITIONAL = "mixture_conditional"


def groove(
    data: Data,
    folder: Annotated[Path, typer.Option(help="Where the runs are kept, to go on from.")],
    model: Annotated[
        list[GrooveModel] | None, typer.Option(metavar="MODEL", help="May be repeated; all of them.")
    ] = None,
    piece: Annotated[
        str | None, typer.Option(help="The performance to learn from: a part of its path in the data.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same run.")] = 1,
    budget: Annotated[BudgetName, typer.Option(help="How much to spend.")] = BudgetName.SMALL,
    out: Annotated[
        Path | None, typer.Option(help="ONNX file of the one model to write; its card is written beside it.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Train the models of the groove paper: the runs of `tsumami evaluate groove`.

    Given again after it was stopped, it goes on where it was.
    """
    names = [each.value for each in model or GrooveModel]
    if out is not None and (out.suffix != ".onnx" or len(names) != 1):
        raise ModelError(f"out must end with .onnx and be of one --model, got {out} of {len(names)}")
    with training_installed("train"):
        from tsumami.training.groove.export import save_run
        from tsumami.training.groove.fit import fit
        from tsumami.training.groove.piece import PIECE, read_section
    section = read_section(data, piece or PIECE)
    command = shlex.join(["tsumami", *sys.argv[1:]])
    runs = []
    for name in names:
        run = fit(section, name, folder, budget=budget.value, seed=seed, command=command)
        figures = {"epochs": run.epochs, "best_epoch": run.best_epoch, "elbo_nats": run.elbo}
        runs.append({"run": str(folder / name), "model": name, "piece": run.piece, **figures})
        print(f"{folder / name}: {run.epochs} epochs, ELBO {run.elbo:.3f} nats a sample", file=sys.stderr)
        if out is not None:
            with explained(str(out)):
                save_run(run, section, out)
            print(f"{out}: written, with its card", file=sys.stderr)
    if json:
        print(json_module.dumps({"runs": runs}, allow_nan=False))


def hits(
    data: Data,
    out: Annotated[Path, typer.Option(help="JSON file to write, which the engine ships as hits.json.")],
    kits: Annotated[
        Path, typer.Option(help="Drum kits of Hydrogen (Debian's hydrogen-data and hydrogen-drumkits).")
    ] = _KITS,
    renders: Annotated[int, typer.Option(min=1, help="Excerpts of 20 s to learn from.")] = 750,
    epochs: Annotated[int, typer.Option(min=1)] = 14,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same table.")] = 1,
) -> None:
    """Train what hears the hits of drums: renders, a small network, thresholds and biases."""
    with training_installed("train"):
        from tsumami.training.groove.hit_training import make_table
    if not out.absolute().parent.is_dir():
        raise ModelError(f"out must be in a folder that is there, got {out}")
    with explained(str(out)):
        make_table(data, kits, out, renders, epochs, seed, lambda line: print(line, file=sys.stderr))
