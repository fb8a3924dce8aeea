"""A trained encoder as the one file that the engine runs: its graph and its contract."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from onnx import helper

from tsumami.engine.errors import ModelError
from tsumami.engine.groove.divergence import LEVEL, SIZE
from tsumami.engine.groove.encoder import divergence_curve
from tsumami.engine.inference.contract import Contract, Training
from tsumami.plugins.offline.wav import write_beside
from tsumami.training.groove.beats import SAMPLE_RATE, Section
from tsumami.training.groove.card import card_of
from tsumami.training.groove.lstm_vae import UNITS, LstmVae
from tsumami.training.groove.run import Run
from tsumami.training.macros.export_graph import Array, Graph, array_of, model_file

BLOCK: Final = 256
"""Samples of a step: 6 ms, at which a step costs a twentieth of that."""
STREAMS: Final = 2
"""The performance and its reference go through together."""
TOLERANCE: Final = 0.02
"""How far a mean divergence may be from torch's, as a share of it: float32, summed in other orders."""

_STATES: Final = ("state_units", "state_cells")


def save_run(run: Run, section: Section, path: Path) -> None:
    """Write the model of a run on ``section``, and its card, ``NAME.md``, beside it; neither half written.

    What the file says is held against torch on the section's sounds. Raises `ModelError` where they differ.
    """
    content, contract = export_run(run, section)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_beside(path.with_suffix(".md"), card_of(contract, run, path.name).encode())
    write_beside(path, content)


def export_run(run: Run, section: Section) -> tuple[bytes, Contract]:
    """The ONNX file of a run's best epoch, and its contract."""
    contract = Contract(
        name=f"groove {run.name}",
        kind="groove",
        sample_rate=SAMPLE_RATE,
        training=Training(
            "40 beats of the Groove MIDI data set, played with a drum kit of samples",
            run.data_hash,
            run.command,
            run.seed,
        ),
        normalisation={"level": LEVEL},
        metrics={"elbo": run.elbo},
    )
    graph = Graph()
    add_encoder(graph, run.model)
    content = _file(graph, run.model, contract)
    reference, performed = section.programmed[: 4 * SAMPLE_RATE], section.performed[: 4 * SAMPLE_RATE]
    torchs = float(run.divergence(performed[None], reference).mean())
    error = abs(float(divergence_curve(performed, reference, content).mean()) / torchs - 1.0)
    if not error <= TOLERANCE:
        raise ModelError(
            f"exported model must diverge as it does in torch, within {TOLERANCE:g} of it, got {error:g} "
            "off; train it on until its weights are finite and small"
        )
    contract = replace(contract, metrics={**contract.metrics, "export_error": error})
    return _file(graph, run.model, contract), contract


def add_encoder(graph: Graph, model: LstmVae) -> None:
    """From ``x [STREAMS, BLOCK]`` and the states to ``y [STREAMS, BLOCK, 6 K]`` and the next states."""
    series = graph.node("Unsqueeze", ["x", graph.constant([2], np.int64)])
    steps = graph.node("Transpose", [series], perm=[1, 0, 2])
    lstm: dict[str, Any] = dict(model.lstm.named_parameters())
    inwards, again = (_gates(array_of(lstm[f"weight_{which}_l0"])) for which in ("ih", "hh"))
    biases = np.concatenate([_gates(array_of(lstm[f"bias_{which}_l0"])) for which in ("ih", "hh")])
    weights = [graph.constant(part[None]) for part in (inwards, again, biases)]
    results = ["units", *(f"next_{name}" for name in _STATES)]
    graph.nodes.append(helper.make_node("LSTM", [steps, *weights, "", *_STATES], results, hidden_size=UNITS))
    flat = graph.node("Squeeze", ["units", graph.constant([1], np.int64)])
    product = graph.node("MatMul", [flat, graph.constant(array_of(model.head.weight).T)])
    numbers = graph.node("Add", [product, graph.constant(array_of(model.head.bias))])
    graph.node("Transpose", [numbers], "y", perm=[1, 0, 2])


def _gates(rows: Array) -> Array:
    """Rows of torch's gates (input, forget, cell, output) in ONNX's order (input, output, forget, cell)."""
    first, forget, cell, last = np.split(rows, 4)
    return np.concatenate([first, last, forget, cell])


def _file(graph: Graph, model: LstmVae, contract: Contract) -> bytes:
    states = dict.fromkeys(_STATES, (1, STREAMS, UNITS))
    encoded = (STREAMS, BLOCK, SIZE * model.components)
    return model_file(
        graph,
        {"x": (STREAMS, BLOCK), **states},
        {"y": encoded, **{f"next_{name}": shape for name, shape in states.items()}},
        contract,
    )
