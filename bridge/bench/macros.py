"""Whether a macro does what its name says: knobs turned over unseen patches, rendered and measured.

Every knob of the shipped model is turned from end to end through the live processor, over patches that
training has not seen; every stop is rendered and described. Beside it stands the macro that a hand
would make once for all patches: one parameter a knob.
"""

import importlib.resources
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from tsumami.bridge.bench.report import Report, Row
from tsumami.bridge.bench.sweeps import (
    MONOTONE,
    ONE_PARAMETER,
    TOLERANCE,
    Judgement,
    Measures,
    Values,
    judge,
    measure_sweeps,
    turn_learned,
    turn_one_parameter,
)
from tsumami.engine import MacroModel, MacroProcessor
from tsumami.engine.errors import ModelError
from tsumami.plugins import PARAMETERS, random_patch

SEED: Final = 20_001
"""Of the random patches; no training run uses it for its patches."""

_PEER: Final = "one parameter"
_TURNS: Final = 40


def run(model: str | Path | None = None, patches: int = 100, stops: int = 9) -> Report:
    """Sweep every macro over ``patches`` patches, of which the bank's held-out ones are the first.

    Takes some 14 renders a second and core. `ModelError` without the libraries of training, which
    hold the descriptors.
    """
    try:
        from tsumami.training.macros.data import workers
        from tsumami.training.macros.descriptors import UNITS
    except ImportError as error:
        raise ModelError(
            f"libraries of training must be installed to describe sounds, got no {error.name}; "
            "pip install 'tsumami[training]'"
        ) from None
    shipped = Path(str(importlib.resources.files("tsumami.engine.models") / "macros.onnx"))
    decoder = MacroModel(model or shipped, "cpu")
    decoder.prepare()
    processor = MacroProcessor(decoder, len(PARAMETERS))
    chosen = unseen_patches(patches)
    positions = np.linspace(0, 1, stops, dtype=np.float32)
    with workers() as pool:
        rest = np.stack(list(pool.map(describe, [patch[None] for patch in chosen]))).astype(np.float64)
        spread = rest[:, 0].std(0)
        learned, single = (
            judge(
                measure_sweeps(chosen, len(processor.names), positions, turn, describe, pool),
                spread,
            )
            for turn in (turn_learned(processor), turn_one_parameter)
        )
    rows = [*_rows(processor.names, learned, single, spread, UNITS), *_timing(processor, chosen)]
    return Report("macros", rows, tuple(_notes(processor.names, learned, single, len(chosen), stops)))


def describe(values: Values) -> Values:
    """Descriptors of rendered patches; runs in worker processes."""
    from tsumami.training.macros.data import render_and_describe

    return render_and_describe(values, False)[1]


def unseen_patches(count: int) -> list[Values]:
    """Patches that training has not seen: the bank's held-out ones, then random ones of another seed."""
    from tsumami.training.macros.data import held_out_bank

    bank = [patch.values for patch in held_out_bank()]
    rng = np.random.default_rng(SEED)
    return [*bank, *(random_patch(rng) for _ in range(count - len(bank)))][:count]


def _rows(
    names: Sequence[str], learned: Judgement, single: Judgement, spread: Measures, units: Sequence[str]
) -> Iterator[Row]:
    for macro, name in enumerate(names):
        for what, ours, theirs in (
            ("monotone", learned.monotone, single.monotone),
            ("steady", learned.steady, single.steady),
            ("strictly monotone", learned.strict, single.strict),
        ):
            yield _beside(f"{name}: {what}", 100 * ours[macro], "% of patches", 100 * theirs[macro])
        unit = units[macro] or "points"
        yield _beside(f"{name}: effect", learned.effect[macro], unit, single.effect[macro])
        yield _beside(
            f"{name}: effect in deviations",
            learned.effect[macro] / spread[macro],
            "sd",
            single.effect[macro] / spread[macro],
        )
        ours, theirs = learned.others[macro], single.others[macro]
        yield Row.lower_is_better(f"{name}: others move", ours, "sd", _PEER, theirs)
        yield Row(
            f"{name}: loudness moves",
            learned.movement[macro, -1] * spread[-1],
            "dB",
            _PEER,
            single.movement[macro, -1] * spread[-1],
        )


def _beside(what: str, ours: float, unit: str, theirs: float) -> Row:
    """A figure of which more is better, beside the hand-made macro's."""
    return Row(what, ours, unit, _PEER, theirs, ours / theirs if theirs > 0 else None)


def _timing(processor: MacroProcessor, patches: Sequence[Values]) -> Iterator[Row]:
    """Time from a turned knob to a new parameter vector, and of taking a patch over."""
    ticks, loads = [], []
    for patch in patches:
        start = time.perf_counter_ns()
        processor.load(patch)
        loads.append(time.perf_counter_ns() - start)
        for turn in range(_TURNS):
            processor.move(turn % len(processor.names), (turn * 37 % 100) / 99)
            start = time.perf_counter_ns()
            processor.tick(0.004)
            ticks.append(time.perf_counter_ns() - start)
    for what, times in (("decode and update", ticks), ("take a patch over", loads)):
        for share in (50, 99):
            yield Row(f"{what}, p{share}", float(np.percentile(times, share)) / 1000, "µs")


def _notes(
    names: Sequence[str], learned: Judgement, single: Judgement, patches: int, stops: int
) -> Iterator[str]:
    yield (
        f"{patches} unseen patches, {stops} stops a knob, taken over in the middle. Monotone: rank "
        f"correlation of position and own descriptor of at least {MONOTONE}; steady: no step back beyond "
        f"{TOLERANCE} sd; strictly monotone: every step rises. One sd is the descriptor's standard deviation "
        "over these patches at rest. The descriptors are defined in training/macros/descriptors.py."
    )
    hands = ", ".join(
        f"{name} {'−' if direction < 0 else ''}{row}"
        for name, (row, direction) in zip(names, ONE_PARAMETER, strict=False)
    )
    yield f"The peer turns one parameter a knob, by the same takeover: {hands}."
    yield "Mean absolute movement from end to end, in sd (rows: knob; columns: what moves):"
    for title, judgement in (("learned", learned), (_PEER, single)):
        yield _matrix(title, names, judgement.movement)


def _matrix(title: str, names: Sequence[str], movement: Measures) -> str:
    """A table in Markdown."""
    lines = [f"| {title} | {' | '.join(names)} | loudness |", "|---" * (len(names) + 2) + "|"]
    for name, row in zip(names, movement, strict=True):
        lines.append(f"| {name} | {' | '.join(f'{value:.2f}' for value in row)} |")
    return "\n".join(lines)
