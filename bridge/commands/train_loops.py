"""`tsumami train loops`: generators of loops, as the paper makes them and as the engine runs them."""

import json as json_module
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tsumami.bridge.commands.training import BudgetName, training_installed
from tsumami.engine.errors import ModelError
from tsumami.plugins.offline.data_set import explained


class LoopsModel(StrEnum):
    """The paper's networks on its four loops; then one pair of networks, trained in five ways."""

    PAPER = "paper"
    RECIPE = "recipe"
    SPECTRAL = "spectral"
    R1 = "r1"
    ENERGY = "energy"
    DRAWN = "drawn"


def loops(
    data: Annotated[Path, typer.Option(help="Folder with bass_notes, groove_midi and drum_kit.")],
    folder: Annotated[
        Path | None, typer.Option(help="Where the runs are kept, to go on from.", show_default=False)
    ] = None,
    model: Annotated[
        list[LoopsModel] | None, typer.Option(metavar="MODEL", help="May be repeated; all of them.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same run.")] = 1,
    budget: Annotated[BudgetName, typer.Option(help="How much to spend.")] = BudgetName.SMALL,
    out: Annotated[
        Path | None, typer.Option(help="ONNX file of the one model to write; its card is written beside it.")
    ] = None,
    write_loops: Annotated[
        Path | None,
        typer.Option(help="Folder to write the loops to that are learned from, as WAV; nothing is trained."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Train the generators of loops: the runs of `tsumami evaluate loops`.

    Given again after it was stopped, it goes on where it was.
    """
    if (folder is None) == (write_loops is None):
        raise ModelError("one of --folder and --write-loops must be given, got both or none")
    if write_loops is not None:
        _write_loops(data, write_loops, budget, seed, json=json)
    if folder is None:
        return
    names = [each.value for each in model or LoopsModel]
    exported = [name for name in names if name != LoopsModel.PAPER.value]
    if out is not None and (out.suffix != ".onnx" or len(exported) != 1):
        raise ModelError(
            f"out must end with .onnx and be of one --model beside paper, got {out} of {len(exported)}"
        )
    with training_installed("train"):
        from tsumami.training.loops.data import loop_data
        from tsumami.training.loops.export import save_run
        from tsumami.training.loops.fit import fit
        from tsumami.training.loops.paper import fit_paper
        from tsumami.training.loops.schedule import SCHEDULES
    command = shlex.join(["tsumami", *sys.argv[1:]])
    found = loop_data(data, SCHEDULES[budget.value], seed)
    runs: list[dict[str, Any]] = []
    for name in names:
        if name == LoopsModel.PAPER.value:
            paper = fit_paper(found.loops, folder, budget=budget.value, seed=seed, command=command)
            runs.append({"run": str(folder / name), "model": name, "epochs": paper.epochs})
            print(f"{folder / name}: {paper.epochs} epochs", file=sys.stderr)
            continue
        run = fit(found, name, folder, budget=budget.value, seed=seed, command=command)
        figures = {"epochs": run.epochs, "best_epoch": run.best_epoch, "energy_distance": run.energy}
        runs.append({"run": str(folder / name), "model": name, **figures})
        print(f"{folder / name}: {run.epochs} epochs, energy distance {run.energy:.3g}", file=sys.stderr)
        if out is not None:
            with explained(str(out)):
                save_run(run, found, out)
            print(f"{out}: written, with its card", file=sys.stderr)
    if json:
        print(json_module.dumps({"runs": runs}, allow_nan=False))


def _write_loops(data: Path, folder: Path, budget: BudgetName, seed: int, *, json: bool) -> None:
    with training_installed("sequence loops"):
        from tsumami.training.loops.loop_files import write_sequenced
        from tsumami.training.loops.loop_set import sequence
        from tsumami.training.loops.schedule import SCHEDULES
        from tsumami.training.progress import counting
    schedule = SCHEDULES[budget.value]
    with counting("sequencing loops") as show:
        loops = sequence(data, "train", schedule.each + schedule.kept, seed, show)
    paths = write_sequenced(loops, folder)
    print(f"{folder}: {len(paths)} loops", file=sys.stderr)
    if json:
        print(json_module.dumps({"loops": [str(path) for path in paths]}))
