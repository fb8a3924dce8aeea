"""A trained generator of loops as the one file that the engine runs: its graph and its contract."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from tsumami.engine.contract import Contract, Training
from tsumami.engine.errors import ModelError
from tsumami.engine.loops.assembly import STEPS
from tsumami.engine.loops.generator import LoopGenerator
from tsumami.engine.loops.wishes import KINDS, WISHES, Wish
from tsumami.plugins.offline.wav import write_beside
from tsumami.training.loops.basis import Basis
from tsumami.training.loops.card import card_of
from tsumami.training.loops.data import LoopData
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
        latent = np.random.default_rng(0).standard_normal((1, LATENTS)).astype(np.float32)
        torchs = basis.sounds(run.weights(wish.numbers()[None], 0))[0]
        worst = max(worst, float(np.abs(generator.sounds(latent[0], wish) - torchs).max()))
    return worst


def _file(generator: Generator, basis: Basis, contract: Contract) -> bytes:
    graph = Graph()
    add_generator(graph, generator, basis)
    return model_file(graph, {"x": (1, LATENTS + WISHES)}, {"y": (1, STEPS, SOUND_FRAMES)}, contract)


def add_generator(graph: Graph, generator: Generator, basis: Basis) -> None:
    """From ``x [1, LATENTS + WISHES]`` to ``y [1, STEPS, SOUND_FRAMES]``."""
    if generator.norms[0].__class__.__name__ == "BatchNorm1d":
        raise ModelError("model must be one without batch norm to be exported, got recipe; choose another")
    begin = graph.affine("x", half(array_of(generator.begin.weight)), array_of(generator.begin.bias))
    x = graph.node("Reshape", [begin, graph.constant([1, WIDTH, STEPS], np.int64)])
    for conv in generator.convolutions:
        found = _round_conv(graph, graph.node("Relu", [x]), *map(array_of, conv.parameters()))
        x = graph.node("Add", [x, found])
    weight, bias = map(array_of, generator.choice.parameters())
    choice = graph.node("Conv", [x, graph.constant(half(weight)), graph.constant(bias)])
    shares = graph.node("Softmax", [_of_kind(graph, graph.times(choice, SHARPNESS))], axis=1)
    by_step = graph.node("Transpose", [shares], perm=[0, 2, 1])
    weights = graph.node("MatMul", [by_step, graph.constant(half(array_of(generator.sounds)))])
    graph.node("MatMul", [weights, graph.constant(half(basis.shapes))], "y")


def _round_conv(graph: Graph, x: str, weight: Array, bias: Array) -> str:
    """A convolution whose last step is next to its first."""
    ends = [
        graph.node("Slice", [x, *(graph.constant([number], np.int64) for number in (begin, end, 2))])
        for begin, end in ((-(KERNEL // 2), np.iinfo(np.int64).max), (0, KERNEL // 2))
    ]
    whole = graph.node("Concat", [ends[0], x, ends[1]], axis=2)
    return graph.node("Conv", [whole, graph.constant(half(weight)), graph.constant(bias)])


def _of_kind(graph: Graph, choice: str) -> str:
    """Only the sounds of the wished kind can be chosen."""
    rows = np.zeros((WISHES, sum(SOUNDS.values())), np.float32)
    begin = 0
    for number, kind in enumerate(KINDS):
        rows[number, begin : begin + SOUNDS[kind]] = 1.0
        begin += SOUNDS[kind]
    told = graph.take("x", range(LATENTS, LATENTS + WISHES))
    wanted = graph.product(told, rows)
    never = graph.scaled(wanted, -_NEVER, _NEVER)
    return graph.node("Add", [choice, graph.node("Unsqueeze", [never, graph.constant([2], np.int64)])])
