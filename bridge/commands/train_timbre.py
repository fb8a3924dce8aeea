"""`tsumami train timbre`: what hears a note's timbre apart from its pitch, learned from notes."""

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


class TimbreModel(StrEnum):
    """The encoder that ships, the paper's two models, and the encoder by another loss."""

    CONTRASTIVE = "contrastive"
    VAE = "VAE"
    METRIC_VAE = "metric_VAE"
    TRIPLET = "triplet"


_PAPER = (TimbreModel.VAE, TimbreModel.METRIC_VAE)


def timbre(
    data: Annotated[Path, typer.Option(help="Folder of single notes with notes.csv.")],
    folder: Annotated[Path, typer.Option(help="Where notes and runs are kept, to go on from.")],
    model: Annotated[
        list[TimbreModel] | None, typer.Option(metavar="MODEL", help="May be repeated; all of them.")
    ] = None,
    plugin: Annotated[
        Path | None,
        typer.Option(help="Instrument whose presets encoders learn from; the built-in synthesizer."),
    ] = None,
    presets: Annotated[
        list[Path] | None, typer.Option(help="The plugin's presets: files or folders; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same run.")] = 1,
    budget: Annotated[BudgetName, typer.Option(help="How much to spend.")] = BudgetName.SMALL,
    out: Annotated[
        Path | None,
        typer.Option(help="ONNX file of the contrastive encoder; its card is written beside it."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Train the models of the timbre paper, and encoders: the runs of `tsumami evaluate timbre`.

    Given again after it was stopped, it goes on where it was.
    """
    chosen = model or list(TimbreModel)
    if out is not None and (out.suffix != ".onnx" or TimbreModel.CONTRASTIVE not in chosen):
        raise ModelError(f"out must end with .onnx and be of --model contrastive, got {out}")
    if (plugin is None) != (presets is None):
        raise ModelError(f"plugin and presets must be given together, got only {plugin or 'presets'}")
    with training_installed("train"):
        from tsumami.training.timbre.run import Place
    command = shlex.join(["tsumami", *sys.argv[1:]])
    place = Place(folder, data, plugin, tuple(presets or ()), budget.value, seed, command)
    with explained(str(folder)):
        runs = []
        for name in chosen:
            runs.append(_trained(place, name))
            if out is not None and name == TimbreModel.CONTRASTIVE:
                _save(place, out)
    if json:
        print(json_module.dumps({"runs": runs}, allow_nan=False))


def _trained(place: Any, name: TimbreModel) -> dict[str, Any]:
    """Train one, and say how it went."""
    from tsumami.training.timbre.run import train_encoder, train_paper

    run: Any = (train_paper if name in _PAPER else train_encoder)(place, name.value)
    print(f"{place.folder / name.value}: {run.epochs} epochs, the best {run.best_epoch}", file=sys.stderr)
    return {"model": name.value, "epochs": run.epochs, "best_epoch": run.best_epoch}


def _save(place: Any, out: Path) -> None:
    from tsumami.training.timbre.run import find_trained
    from tsumami.training.timbre.ship import save_encoder

    out.parent.mkdir(parents=True, exist_ok=True)
    save_encoder(find_trained(place.folder).encoders[0], place.split().validation, out)
    print(f"{out}: written, with its card", file=sys.stderr)
