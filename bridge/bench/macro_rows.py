"""What the benches of macros have to say of verdicts: rows, tables, and the time that a knob takes."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from tsumami.bridge.bench.report import Row
from tsumami.engine import MacroProcessor

if TYPE_CHECKING:
    from tsumami.training.macros.knobs import Verdict

Values = npt.NDArray[np.float32]

PEER: Final = "one parameter"

_TURNS: Final = 40
_TICK_SECONDS: Final = 0.004


def verdict_rows(ours: "Verdict", theirs: "Verdict") -> Iterator[Row]:
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
        yield Row(f"{ours.macro}: {what}", mine, unit, PEER, other, mine / other if other > 0 else None)
    yield Row.lower_is_better(
        f"{ours.macro}: others move, mean", _off_target(ours), "σ", PEER, _off_target(theirs)
    )


def _off_target(verdict: "Verdict") -> float:
    """Mean movement of the other macros' descriptors, in standard deviations."""
    from tsumami.training.macros.descriptors import MACROS

    others = [verdict.others[row] for row, name in enumerate(MACROS) if name != verdict.macro]
    return float(np.mean(others))


def timing(processor: MacroProcessor, patches: Sequence[Values]) -> Iterator[Row]:
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


def verdict_notes(
    learned: "Sequence[Verdict]", by_hand: "Sequence[Verdict]", about: str, hands: Mapping[str, str]
) -> Iterator[str]:
    """What figures mean, and both tables; ``about`` tells what was swept, ``hands`` what the peer turns."""
    from tsumami.training.macros.knobs import MONOTONE, POSITIONS, SILENCE_UNITS, TOLERANCE, table

    yield (
        f"{about}; {POSITIONS} positions a knob. "
        f"Monotone: rank correlation of position and own descriptor of at least {MONOTONE}, over more than "
        f"{SILENCE_UNITS} σ; rising: no step falls by more than {TOLERANCE:.0%} of the sweep's range. σ is a "
        "descriptor's standard deviation in the training set; tsumami.training.macros.descriptors defines "
        "them. In the tables, the columns of descriptors are the mean largest change along the sweep, in σ "
        "(loudness in dB): what a knob should not move, beside what it should."
    )
    yield f"The peer turns one parameter a knob: {', '.join(' '.join(hand) for hand in hands.items())}."
    yield f"Learned:\n\n{table(learned)}"
    yield f"One parameter:\n\n{table(by_hand)}"
