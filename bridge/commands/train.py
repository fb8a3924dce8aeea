"""`tsumami train`: models from rendered patches, as files that the engine runs."""

import json as json_module
import os
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tsumami.bridge.commands.train_groove import groove, hits
from tsumami.bridge.commands.train_loops import loops
from tsumami.bridge.commands.train_mixer import mixer
from tsumami.bridge.commands.train_timbre import timbre
from tsumami.bridge.commands.training import BudgetName, training_installed
from tsumami.bridge.macros.train_table import ALL, Overview, check_all, jobs_of, train_all
from tsumami.engine.errors import ModelError

train = typer.Typer(help="Train a model and export it for the engine.", no_args_is_help=True)
train.command()(groove)
train.command()(hits)
train.command()(loops)
train.command()(mixer)
train.command()(timbre)

_SYNTH_CONTROL = "Sound to parameters"


class Instrument(StrEnum):
    """What macros can be trained for."""

    BUILTIN = "builtin"


@train.callback()
def choose_model() -> None:
    """Train a model and export it for the engine."""


class ModelName(StrEnum):
    """Models of synth control, by the names of the paper's table; the last three are not of it."""

    MLP = "MLP"
    CNN = "CNN"
    RESCNN = "ResCNN"
    AE = "AE"
    VAE = "VAE"
    WAE = "WAE"
    VAE_FLOW = "VAE_flow"
    FLOW_REG = "Flow_reg"
    FLOW_DIS = "Flow_dis"
    FLOW_COUPLING = "Flow_coupling"
    FLOW_SYNTH = "Flow_synth"
    CNN_HEADS = "CNN_heads"
    FLOW_HEADS = "Flow_heads"


@train.command()
def macros(
    out: Annotated[
        Path | None, typer.Option(help="ONNX file to write; its model card is written beside it.")
    ] = None,
    instrument: Annotated[Instrument, typer.Option(help="Whose parameters to learn.")] = Instrument.BUILTIN,
    data: Annotated[
        Path | None,
        typer.Option(help="Data set of `tsumami render`.", rich_help_panel=_SYNTH_CONTROL),
    ] = None,
    parameters: Annotated[
        str | None,
        typer.Option(help="List of parameters: 16, 32 or all; all.", rich_help_panel=_SYNTH_CONTROL),
    ] = None,
    model: Annotated[
        ModelName | None, typer.Option(help="Flow_coupling.", rich_help_panel=_SYNTH_CONTROL)
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same run.")] = 1,
    budget: Annotated[BudgetName, typer.Option(help="How much to spend.")] = BudgetName.SMALL,
    folder: Annotated[
        Path | None,
        typer.Option(help="Where renders and finished stages are kept, to go on from; of --data, the run."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Learn macro knobs: render patches, train, export, sweep every knob, and write the model card.

    With --data: learn which parameters make a sound, from a data set of presets, into --folder; with --out
    too, export the best epoch.
    """
    if out is not None and out.suffix != ".onnx":
        raise ModelError(f"out must end with .onnx, got {out}; its card is written beside it")
    common = ["--seed", str(seed), "--budget", budget.value]
    if data is not None:
        if folder is None:
            raise ModelError("folder must be given with --data, got none; --folder RUN")
        choice, name = parameters or "all", (model or ModelName.FLOW_COUPLING).value
        words = ["--data", data.as_posix(), "--parameters", choice, "--model", name, *common]
        _learn_control(data, choice, name, budget.value, seed, folder, out, _command(*words), json)
        return
    if out is None or parameters is not None or model is not None:
        raise ModelError("out must be given, or --data with --parameters and --model; --out MACROS.onnx")
    _learn_knobs(out, instrument, budget.value, seed, folder, common, json)


@train.command()
def table(
    data: Annotated[Path, typer.Option(help="Data set of `tsumami render`.")],
    folder: Annotated[Path, typer.Option(help="Where the runs are kept, to go on from.")],
    parameters: Annotated[
        list[str] | None, typer.Option(help="List of parameters: 16, 32 or all; may be repeated; all three.")
    ] = None,
    model: Annotated[
        list[ModelName] | None, typer.Option(metavar="MODEL", help="May be repeated; all of them.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same runs.")] = 1,
    budget: Annotated[BudgetName, typer.Option(help="How much to spend.")] = BudgetName.SMALL,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Trainings at the same time; one a core by default.")
    ] = None,
) -> None:
    """Train every model of synth control on every list of parameters: the runs of `tsumami evaluate macros`.

    Given again after it was stopped, it goes on where it was.
    """
    lists = parameters or ["16", "32", ALL]
    _prepare(data, lists, budget.value)
    wanted = jobs_of(lists, [name.value for name in model or ModelName], folder)
    common = ["--data", str(data), "--seed", str(seed), "--budget", budget.value]
    failures = []
    with Overview(len(wanted)) as overview:
        for job, reason in train_all(wanted, common, jobs or os.cpu_count() or 1, overview.begin):
            overview.end(job.name, reason)
            if reason:
                failures.append((job, reason))
    check_all(failures)
    print(f"{folder}: {len(wanted)} runs", file=sys.stderr)


class RestorationModel(StrEnum):
    """Models of the restoration paper, then its outlook; QDLSTM is the mean of two, and not trained."""

    LSTM = "LSTM"
    FILTER_LSTM = "filter_LSTM"
    FILTER_TIME_BLSTM = "filter_time_BLSTM"
    FREQUENCY_BLSTM = "frequency_BLSTM"
    QDLSTM_GATE = "QDLSTM_gate"
    QDLSTM_GATE_HPSS = "QDLSTM_gate_HPSS"


class Folds(StrEnum):
    """Which tunes to hold out."""

    ALL = "all"


@train.command()
def restoration(
    data: Annotated[Path, typer.Option(help="Folder of music, one file a tune.")],
    folder: Annotated[Path, typer.Option(help="Where the runs are kept, to go on from.")],
    held_out: Annotated[
        list[str] | None,
        typer.Option(help="The tune not to learn from: its name, or a part of it; may be repeated."),
    ] = None,
    folds: Annotated[Folds | None, typer.Option(help="Hold out every tune, one after the other.")] = None,
    model: Annotated[
        list[RestorationModel] | None, typer.Option(metavar="MODEL", help="May be repeated; all of them.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same run.")] = 1,
    budget: Annotated[BudgetName, typer.Option(help="How much to spend.")] = BudgetName.SMALL,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")] = False,
) -> None:
    """Train the models of the restoration paper: the runs of `tsumami evaluate restoration`.

    Given again after it was stopped, it goes on where it was.
    """
    if bool(held_out) == (folds is not None):
        raise ModelError(
            f"held-out must be given, or --folds all, got {'both' if held_out else 'neither'}; "
            "--held-out NAME of a tune"
        )
    with training_installed("train"):
        from tsumami.training.progress import counting
        from tsumami.training.restoration.fit import fit, folder_of
        from tsumami.training.restoration.tunes import fold_of, read_tunes
    with counting("tunes") as show:
        tunes = read_tunes(data, show)
    command = shlex.join(["tsumami", *sys.argv[1:]])
    chosen = [fold_of(tunes, name) for name in held_out or [tune.name for tune in tunes]]
    runs = []
    for fold in chosen:
        for name in model or RestorationModel:
            run = fit(fold, name.value, folder, budget=budget.value, seed=seed, command=command)
            place = folder_of(folder, run.held_out, run.name)
            figures = {"epochs": run.epochs, "best_epoch": run.best_epoch, "validation_mse": run.mse}
            runs.append({"run": str(place), "model": run.name, "held_out": run.held_out, **figures})
            print(f"{place}: {run.epochs} epochs, validation MSE {run.mse:.3g}", file=sys.stderr)
    if json:
        print(json_module.dumps({"runs": runs}, allow_nan=False))


def _prepare(data: Path, lists: list[str], budget: str) -> None:
    """Render what the trainings share, so that no two of them do."""
    with training_installed("train"):
        from tsumami.training.macros.corpus import open_corpus
        from tsumami.training.macros.schedule import SCHEDULES
        from tsumami.training.macros.variations import variations
        from tsumami.training.progress import counting
    for choice in lists:
        with counting(f"presets, {choice} parameters") as show:
            corpus = open_corpus(data, choice, progress=show)
        with counting(f"variations, {choice} parameters") as show:
            variations(corpus, SCHEDULES[budget].variations, progress=show)


def _command(*words: str) -> str:
    return shlex.join(["tsumami", "train", "macros", *words])


def _learn_control(
    data: Path,
    parameters: str,
    model: str,
    budget: str,
    seed: int,
    folder: Path,
    out: Path | None,
    command: str,
    json: bool,
) -> None:
    with training_installed("train"):
        from tsumami.training.macros.corpus import open_corpus
        from tsumami.training.macros.export_run import save_run
        from tsumami.training.macros.fit import fit
        from tsumami.training.macros.labels import Labeller
        from tsumami.training.macros.ordering_files import order_of
        from tsumami.training.progress import counting
    with counting("presets") as show:
        corpus = open_corpus(data, parameters, progress=show)
    print(Labeller.of(corpus.train).note(corpus.train), file=sys.stderr)
    run = fit(corpus, model, folder, budget=budget, seed=seed, command=command)
    figures = {"epochs": run.epochs, "best_epoch": run.best_epoch, "validation_msen": round(run.msen, 4)}
    places = {"run": str(folder)}
    if out is not None:
        save_run(run, corpus, out, order_of(run, corpus))
        places["out"] = str(out)
    if json:
        print(json_module.dumps({**places, "model": model, **figures}, allow_nan=False))
        return
    print(
        f"{', '.join(places.values())}: {model}",
        *(f"{name} {value}" for name, value in figures.items()),
        file=sys.stderr,
    )


def _learn_knobs(
    out: Path,
    instrument: Instrument,
    budget: str,
    seed: int,
    folder: Path | None,
    common: list[str],
    json: bool,
) -> None:
    with training_installed("train"):
        from tsumami.training.macros.train import train_macros
    command = _command("--instrument", instrument.value, *common, "--out", out.as_posix())
    trained = train_macros(out, budget=budget, seed=seed, folder=folder, command=command)
    metrics = dict(trained.contract.metrics)
    if json:
        document = {"model": str(out), "seconds": round(trained.seconds, 1), "metrics": metrics}
        print(json_module.dumps(document, allow_nan=False))
        return
    print(f"{out}: trained in {trained.seconds / 60:.1f} minutes", file=sys.stderr)
    for verdict in trained.verdicts:
        print(f"{verdict.macro:12} monotone on {verdict.monotone:.0%} of unseen patches", file=sys.stderr)
