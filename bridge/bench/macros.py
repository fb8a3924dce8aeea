"""Whether a macro does what its name says: knobs turned over unseen patches, rendered and measured.

Every knob of the shipped model is turned from end to end through the live processor, over patches that
training has not seen; every stop is rendered and described. Beside it stands the macro that a hand
would make once for all patches: one parameter a knob.
"""

import importlib.resources
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from tsumami.bridge.bench.hand_made import HAND_MADE, sweep_hand_made
from tsumami.bridge.bench.report import Report, Row
from tsumami.engine import MacroModel, MacroProcessor
from tsumami.engine.errors import ModelError
from tsumami.plugins import PARAMETERS, random_patch

if TYPE_CHECKING:
    from tsumami.training.macros.knobs import Verdict

Values = npt.NDArray[np.float32]
Sweep = Callable[[Values, int, int], Values]
"""Patches ``[positions, parameters]`` of a patch under a macro's knob at so many even positions."""

SEED: Final = 20_001
"""Of the random patches; training draws its own from pairs of numbers, so none is among them."""

_PEER: Final = "one parameter"
_TURNS: Final = 40
_TICK_SECONDS: Final = 0.004


def run(model: str | Path | None = None, patches: int = 100) -> Report:
    """Sweep every macro over ``patches`` patches, of which the bank's held-out ones are the first.

    Every patch costs 146 renders, two to three seconds on two idle cores. `ModelError` without the
    libraries of training, which hold the descriptors.
    """
    try:
        from tsumami.training.macros.data import workers
        from tsumami.training.macros.knobs import sweep_knob
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

    def turn(patch: Values, macro: int, positions: int) -> Values:
        return sweep_knob(processor, patch, macro, positions)

    with workers() as pool:
        learned = _verdicts(decoder, chosen, turn, pool, "learned")
        by_hand = _verdicts(decoder, chosen, sweep_hand_made, pool, _PEER)
    pairs = list(zip(learned, by_hand, strict=True))
    rows = [row for ours, theirs in pairs for row in _rows(ours, theirs)]
    rows += _timing(processor, chosen)
    return Report("macros", rows, tuple(_notes(learned, by_hand, len(chosen))))


def describe(values: Values) -> Values:
    """Descriptors ``[n, 9]`` of patches ``[n, parameters]``, rendered; runs in worker processes."""
    from tsumami.training.macros.data import render_and_describe

    return render_and_describe(values, False)[1]


def unseen_patches(count: int) -> list[Values]:
    """Patches that training has not seen: the bank's held-out ones, then random ones of another seed."""
    from tsumami.training.macros.data import held_out_bank

    bank = [patch.values for patch in held_out_bank()]
    rng = np.random.default_rng(SEED)
    return [*bank, *(random_patch(rng) for _ in range(count - len(bank)))][:count]


def _verdicts(
    decoder: MacroModel, patches: Sequence[Values], sweep: Sweep, pool: Executor, title: str
) -> "list[Verdict]":
    """One verdict a macro; a standard deviation is that of the model's training set."""
    from tsumami.training.macros.descriptors import MACROS
    from tsumami.training.macros.knobs import POSITIONS, judge
    from tsumami.training.macros.scaling import RANGE, Scale

    count = len(MACROS)
    swept = [
        np.concatenate([patch[None], *(sweep(patch, macro, POSITIONS) for macro in range(count))])
        for patch in patches
    ]
    rendered = track(pool.map(describe, swept), title, len(swept), console=Console(stderr=True))
    described = np.stack(list(rendered))
    sweeps = described[:, 1:].reshape(len(patches), count, POSITIONS, -1)
    ends = decoder.contract.normalisation
    scale = Scale(np.array([[ends[f"{macro} at {sign}{RANGE}"] for macro in MACROS] for sign in "-+"]))
    return [judge(macro, sweeps[:, macro], described[:, 0], scale) for macro in range(count)]


def _rows(ours: "Verdict", theirs: "Verdict") -> Iterator[Row]:
    """The figures of one macro beside the hand-made one's."""
    from tsumami.training.macros.descriptors import MACROS, UNITS

    macro = MACROS.index(ours.macro)
    for what, unit, mine, other in (
        ("monotone", "% of patches", 100 * ours.monotone, 100 * theirs.monotone),
        ("rising at every step", "% of patches", 100 * ours.rising, 100 * theirs.rising),
        ("effect", UNITS[macro] or "points", ours.effect, theirs.effect),
        ("effect", "σ", ours.effect_units, theirs.effect_units),
        ("loudness stays within 6 dB", "% of patches", 100 * ours.steady, 100 * theirs.steady),
    ):
        yield Row(f"{ours.macro}: {what}", mine, unit, _PEER, other, mine / other if other > 0 else None)
    yield Row.lower_is_better(
        f"{ours.macro}: others move, mean", _off_target(ours), "σ", _PEER, _off_target(theirs)
    )


def _off_target(verdict: "Verdict") -> float:
    """Mean movement of the other macros' descriptors, in standard deviations."""
    from tsumami.training.macros.descriptors import MACROS

    others = [verdict.others[row] for row, name in enumerate(MACROS) if name != verdict.macro]
    return float(np.mean(others))


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
            processor.tick(_TICK_SECONDS)
            ticks.append(time.perf_counter_ns() - start)
    for what, times in (("decode a moved knob", ticks), ("take a patch over", loads)):
        for share in (50, 99):
            yield Row(f"{what}, p{share}", float(np.percentile(times, share)) / 1000, "µs")


def _notes(learned: "Sequence[Verdict]", by_hand: "Sequence[Verdict]", patches: int) -> Iterator[str]:
    from tsumami.training.macros.knobs import MONOTONE, POSITIONS, SILENCE_UNITS, TOLERANCE, table

    yield (
        f"{patches} unseen patches, {POSITIONS} positions a knob, the bank's held-out patches first. "
        f"Monotone: rank correlation of position and own descriptor of at least {MONOTONE}, over more than "
        f"{SILENCE_UNITS} σ; rising: no step falls by more than {TOLERANCE:.0%} of the sweep's range. σ is a "
        "descriptor's standard deviation in the training set; tsumami.training.macros.descriptors defines "
        "them. In the tables, the columns of descriptors are the mean largest change along the sweep, in σ "
        "(loudness in dB): what a knob should not move, beside what it should."
    )
    hands = ", ".join(
        f"{verdict.macro} {'−' if direction < 0 else ''}{parameter}"
        for verdict, (parameter, direction) in zip(learned, HAND_MADE, strict=True)
    )
    yield f"The peer turns one parameter a knob: {hands}."
    yield f"Learned:\n\n{table(learned)}"
    yield f"One parameter:\n\n{table(by_hand)}"
