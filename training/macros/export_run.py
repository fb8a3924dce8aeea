"""A trained run as the one file that the engine listens with and plays: its graph and its contract."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import Contract, Latent, ModelParameter, Training
from tsumami.engine.inference.contract_tensors import macro_shapes
from tsumami.engine.macros.model import MacroModel
from tsumami.plugins.match.mel import HOP, N_FFT, OFFSET, SAMPLE_RATE
from tsumami.plugins.offline.wav import write_beside
from tsumami.training.macros.axes import named_latents
from tsumami.training.macros.card_run import card_of
from tsumami.training.macros.choices import choices_of
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.export_check import measure_listening, measure_round_trip, rounded
from tsumami.training.macros.export_graph import Graph, model_file
from tsumami.training.macros.export_parts import add_listening, add_two_way
from tsumami.training.macros.flow_models import FlowDis, Invertible
from tsumami.training.macros.head_models import HasHeads
from tsumami.training.macros.ordering import Order
from tsumami.training.macros.rendered_set import BUILTIN
from tsumami.training.macros.run import Run

_RANGE: Final = (0.02, 0.98)
"""A latent's useful range: all of the training presets but so many."""
_LEAST_RANGE: Final = 0.1
_HEARD: Final = "heard"


def export_run(run: Run, corpus: Corpus, order: Order | None = None) -> tuple[bytes, Contract]:
    """The ONNX file of a run's best epoch, and its contract; with an ``order`` its latents are put in that.

    What the file answers is held against torch on sounds of the validation, and the way to the latent and
    back measured with every preset of ``corpus``, the run's own; the contract's metrics have the figures.
    Raises `ModelError` for another corpus, and for a model that cannot be exported or answers otherwise.
    """
    if run.corpus_hash != corpus.hash:
        raise ModelError("run must be trained on the data given, got one that was trained on something else")
    trained, run = run, rounded(run)
    contract = _contract(run, corpus)
    content = _build(run, contract, order)
    metrics = {**contract.metrics, **measure_listening(content, run, trained, corpus)}
    if isinstance(run.model, Invertible):
        metrics["round_trip_error"] = measure_round_trip(content, run.model, corpus)
        if order is None:
            contract = replace(contract, latents=named_latents(MacroModel(content, "cpu"), corpus))
        else:
            contract = replace(contract, latents=order.latents(len(contract.latents)))
    contract = replace(contract, metrics=metrics)
    return _build(run, contract, order), contract


def save_run(run: Run, corpus: Corpus, path: Path, order: Order | None = None) -> None:
    """Write what `export_run` makes, and its card, ``NAME.md``, beside it; neither is ever half written."""
    content, contract = export_run(run, corpus, order)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_beside(path.with_suffix(".md"), card_of(contract, path.name).encode())
    write_beside(path, content)


def _build(run: Run, contract: Contract, order: Order | None) -> bytes:
    graph, inputs = Graph(), ["mel"]
    logarithm = graph.node("Log", [graph.node("Add", ["mel", graph.constant(OFFSET)])])
    x = graph.scaled(logarithm, 1.0 / run.deviation, -run.mean / run.deviation)
    outputs = add_listening(graph, run.model, x)
    if isinstance(run.model, Invertible):
        add_two_way(graph, run.model if order is None else order.laid_over(run.model))
        if order is not None:
            outputs.remove(_HEARD)  # it is where the model has it, not where the file's latents do
        inputs = ["latent", "parameters", *(["context"] if contract.context_size else []), *inputs]
        outputs = ["decoded", "encoded", *outputs]
    shapes = {name: shape for name, (shape, _) in macro_shapes(contract).items()}
    return model_file(
        graph, {name: shapes[name] for name in inputs}, {name: shapes[name] for name in outputs}, contract
    )


def _contract(run: Run, corpus: Corpus) -> Contract:
    choices = choices_of(corpus.instrument, corpus.name, corpus.parameters)
    if not isinstance(run.model, HasHeads):
        choices = ((),) * len(choices)
    note = corpus.settings
    return Contract(
        name=f"{corpus.name} {run.name}",
        kind="macros",
        sample_rate=SAMPLE_RATE,
        n_fft=N_FFT,
        hop=HOP,
        window="hann",
        normalisation={"offset": OFFSET, "mean": run.mean, "deviation": run.deviation},
        training=Training(
            data=_data_of(run, corpus),
            data_hash=corpus.hash,
            command=run.command,
            seed=run.seed,
        ),
        parameters=tuple(ModelParameter(*row) for row in zip(corpus.parameters, choices, strict=True)),
        latents=_latents(run, corpus) if isinstance(run.model, Invertible) else (),
        metrics={
            "validation_msen": run.msen,
            "epochs": run.epochs,
            "best_epoch": run.best_epoch,
            "weights": sum(weight.numel() for weight in run.model.parameters()),
        },
        instrument=BUILTIN if corpus.instrument == BUILTIN else corpus.name,
        render={
            "note": note.note,
            "velocity": note.velocity,
            "hold_seconds": note.hold_seconds,
            "length_seconds": note.length_seconds,
        },
    )


def _data_of(run: Run, corpus: Corpus) -> str:
    more = f", and {run.variations:,} variations of them" if run.variations else ""
    return f"{len(corpus.train):,} presets of {corpus.name}, {len(corpus.parameters)} parameters{more}"


def _latents(run: Run, corpus: Corpus) -> tuple[Latent, ...]:
    """Those of Flow_dis that are made to be tags have their words."""
    assert isinstance(run.model, Invertible)
    with torch.inference_mode():
        found = run.model.latents(*run.model.known(torch.from_numpy(corpus.train.values)))
    least, most = torch.quantile(found, torch.tensor(_RANGE), dim=0)
    most = torch.maximum(most, least + _LEAST_RANGE)
    pairs = run.pairs if isinstance(run.model, FlowDis) else ()
    words = [*pairs, *[("", "")] * len(least)][: len(least)]
    return tuple(
        Latent(high or f"latent {number}", low, high, round(minimum, 4), round(maximum, 4))
        for number, ((low, high), minimum, maximum) in enumerate(
            zip(words, least.tolist(), most.tolist(), strict=True), 1
        )
    )
