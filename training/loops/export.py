"""A trained generator of loops as the one file that the engine runs: its graph and its contract."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from onnx import TensorProto

from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import Contract, Training
from tsumami.engine.loops.assembly import STEPS
from tsumami.engine.loops.generator import LoopGenerator
from tsumami.engine.loops.wishes import KINDS, WISHES, Wish
from tsumami.plugins.offline.wav import write_beside
from tsumami.training.loops.basis import Basis
from tsumami.training.loops.card import card_of
from tsumami.training.loops.data import LoopData
from tsumami.training.loops.drawn import COLD, DrawnGenerator
from tsumami.training.loops.loop_set import SAMPLE_RATE, SOUND_FRAMES
from tsumami.training.loops.networks import (
    KERNEL,
    LATENTS,
    SHARPNESS,
    SOUNDS,
    WIDTH,
    Generator,
)
from tsumami.training.loops.run import Run
from tsumami.training.macros.export_graph import Array, Graph, array_of, half, model_file

TOLERANCE: Final = 2e-3
"""Of a sample: half precision of the shapes, whose weights are at most some tens."""
_NEVER: Final = -1e4
_FLOAT: Final = int(TensorProto.FLOAT)
Stored = Callable[[Array], Array]


def save_run(run: Run, data: LoopData, path: Path) -> None:
    """Write the generator of a run, and its card, ``NAME.md``, beside it; neither half written.

    What the file makes is held against torch. Raises `ModelError` where they differ.
    """
    content, contract = export_run(run, data)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_beside(path.with_suffix(".md"), card_of(contract, run, path.name).encode())
    write_beside(path, content)


def export_run(run: Run, data: LoopData) -> tuple[bytes, Contract]:
    """The ONNX file of a run's best epoch, and its contract."""
    count = len(data.loops)
    contract = Contract(
        name=f"loops {run.name}",
        kind="loops",
        sample_rate=SAMPLE_RATE,
        training=Training(
            f"{count} loops: basslines by chance, played with notes of an electric bass, and bars of the "
            "Groove MIDI data set, played with a drum kit of samples",
            run.data_hash,
            run.command,
            run.seed,
        ),
        metrics={"energy_distance": run.energy},
    )
    content = _file(run.generator, data.basis, contract)
    error = _error(run, data.basis, content)
    if not error <= TOLERANCE:
        raise ModelError(
            f"exported model must sound as it does in torch, within {TOLERANCE:g}, got {error:g} off; "
            "train it on until its weights are finite and small"
        )
    contract = replace(contract, metrics={**contract.metrics, "export_error": error})
    return _file(run.generator, data.basis, contract), contract


def _error(run: Run, basis: Basis, content: bytes) -> float:
    """The largest difference of a sample of some loops from torch's."""
    generator, worst = LoopGenerator(content), 0.0
    for kind in KINDS:
        wish = Wish(kind)
        latent = np.random.default_rng(0).standard_normal((1, run.generator.latents)).astype(np.float32)
        torchs = basis.sounds(run.weights(wish.numbers()[None], 0))[0]
        worst = max(worst, float(np.abs(generator.sounds(latent[0], wish) - torchs).max()))
    return worst


def _file(generator: Generator, basis: Basis, contract: Contract) -> bytes:
    graph = Graph()
    add_generator(graph, generator, basis)
    told, made = (1, generator.latents + WISHES), (1, STEPS, SOUND_FRAMES)
    return model_file(graph, {"x": told}, {"y": made}, contract)


def add_generator(graph: Graph, generator: Generator, basis: Basis) -> None:
    """From ``x [1, latents + WISHES]`` to ``y [1, STEPS, SOUND_FRAMES]``."""
    if generator.norms[0].__class__.__name__ == "BatchNorm1d":
        raise ModelError("model must be one without batch norm to be exported, got recipe; choose another")
    if isinstance(generator, DrawnGenerator):
        # Half a unit off a chance would be another sound, so these weights are kept whole.
        odds = graph.times(_odds(graph, generator, _whole), 1.0 / COLD)
        shares = _drawn(graph, graph.node("Softmax", [odds], axis=1))
    else:
        shares = graph.node("Softmax", [_odds(graph, generator, half)], axis=1)
    by_step = graph.node("Transpose", [shares], perm=[0, 2, 1])
    weights = graph.node("MatMul", [by_step, graph.constant(half(array_of(generator.sounds)))])
    graph.node("MatMul", [weights, graph.constant(half(basis.shapes))], "y")


def _odds(graph: Graph, generator: Generator, stored: Stored) -> str:
    wishes = range(generator.latents, generator.latents + WISHES)
    told = graph.take("x", [*range(LATENTS), *wishes])
    begin = graph.affine(told, stored(array_of(generator.begin.weight)), array_of(generator.begin.bias))
    x = graph.node("Reshape", [begin, graph.constant([1, WIDTH, STEPS], np.int64)])
    for conv in generator.convolutions:
        weight, bias = map(array_of, conv.parameters())
        found = _round_conv(graph, graph.node("Relu", [x]), stored(weight), bias)
        x = graph.node("Add", [x, found])
    weight, bias = map(array_of, generator.choice.parameters())
    choice = graph.node("Conv", [x, graph.constant(stored(weight)), graph.constant(bias)])
    return _of_kind(graph, graph.times(choice, SHARPNESS), graph.take("x", wishes))


def _drawn(graph: Graph, chances: str) -> str:
    """As `tsumami.training.loops.drawn.drawn` with `dealt`."""
    lots = graph.take("x", range(LATENTS, LATENTS + STEPS))
    down, across = (graph.node("Unsqueeze", [lots, graph.constant([axis], np.int64)]) for axis in (2, 1))
    are_less = graph.node("Cast", [graph.node("Greater", [down, across])], to=_FLOAT)
    ranks = graph.node("ReduceSum", [are_less, graph.constant([2], np.int64)], keepdims=0)
    shares = graph.scaled(ranks, 1.0 / STEPS, 0.5 / STEPS)
    sums = graph.node("CumSum", [chances, graph.constant(1, np.int64)])
    wanted = graph.node("Unsqueeze", [shares, graph.constant([1], np.int64)])
    are_below = graph.node("Cast", [graph.node("Less", [sums, wanted])], to=_FLOAT)
    last = sum(SOUNDS.values()) - 1
    but_last = graph.take(are_below, range(last))
    before = graph.node("Concat", [graph.constant(np.ones((1, 1, STEPS))), but_last], axis=1)
    return graph.node("Sub", [before, are_below])


def _whole(weights: Array) -> Array:
    return weights


def _round_conv(graph: Graph, x: str, weight: Array, bias: Array) -> str:
    """A convolution whose last step is next to its first."""
    ends = [
        graph.node("Slice", [x, *(graph.constant([number], np.int64) for number in (begin, end, 2))])
        for begin, end in ((-(KERNEL // 2), np.iinfo(np.int64).max), (0, KERNEL // 2))
    ]
    whole = graph.node("Concat", [ends[0], x, ends[1]], axis=2)
    return graph.node("Conv", [whole, graph.constant(weight), graph.constant(bias)])


def _of_kind(graph: Graph, choice: str, told: str) -> str:
    """Only the sounds of the wished kind can be chosen."""
    rows = np.zeros((WISHES, sum(SOUNDS.values())), np.float32)
    begin = 0
    for number, kind in enumerate(KINDS):
        rows[number, begin : begin + SOUNDS[kind]] = 1.0
        begin += SOUNDS[kind]
    wanted = graph.product(told, rows)
    never = graph.scaled(wanted, -_NEVER, _NEVER)
    return graph.node("Add", [choice, graph.node("Unsqueeze", [never, graph.constant([2], np.int64)])])
