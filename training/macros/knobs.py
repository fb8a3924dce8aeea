"""The knobs of a model, judged by ear's stand-ins: patches swept, rendered, and described.

A knob is swept as it is live, through the engine's own `MacroProcessor`. Numpy only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.macros import MacroProcessor
from tsumami.training.macros.descriptors import DESCRIPTORS, MACROS
from tsumami.training.macros.scaling import Scale

Values = npt.NDArray[np.float32]

POSITIONS: Final = 9
"""Knob positions of a sweep, evenly from 0 to 1."""

MONOTONE: Final = 0.9
"""A sweep is monotone when Spearman's rank correlation of position and descriptor is at least this."""

TOLERANCE: Final = 0.01
"""A sweep is strictly rising when no step falls by more than this share of the sweep's own range."""

SILENCE_UNITS: Final = 0.05
"""A sweep that moves its descriptor by less than this, in standard deviations, does not count as moving."""

STEADY_DB: Final = 6.0
_SETTLE_SECONDS = 1.0


def sweep_knob(processor: MacroProcessor, patch: Values, macro: int, positions: int = POSITIONS) -> Values:
    """Patches at even positions of one knob, float32 ``[positions, parameters]``.

    The knob is first turned to where the patch's latent stands in its range, and the patch loaded again:
    it is taken over there, so the way from end to end is evenly mapped.
    """
    processor.load(patch)
    processor.move(macro, float(processor.positions[macro]))
    processor.load(patch)
    swept = []
    for position in np.linspace(0.0, 1.0, positions):
        processor.move(macro, float(position))
        while processor.is_moving:
            processor.tick(_SETTLE_SECONDS)
        swept.append(processor.values.copy())
    return np.stack(swept)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one knob does to patches.

    ``monotone`` and ``rising`` are shares of patches; ``effect`` is the mean change from end to end in the
    descriptor's unit, ``effect_units`` in standard deviations of the training set; ``others`` float64
    ``[9]`` is the mean largest change of every descriptor from the sweep's middle, in standard deviations
    (loudness in dB); ``steady`` is the share of patches whose loudness stays within ±`STEADY_DB`.
    """

    macro: str
    monotone: float
    rising: float
    effect: float
    effect_units: float
    others: npt.NDArray[np.float64]
    steady: float


def judge(
    macro: int, described: npt.NDArray[np.float32], start: npt.NDArray[np.float32], scale: Scale
) -> Verdict:
    """Judge one knob by descriptors ``[patches, positions, 9]`` of its sweeps and ``[patches, 9]`` before."""
    own = described[:, :, macro].astype(np.float64)
    spans = np.append(scale.spans, 1.0)
    change = own[:, -1] - own[:, 0]
    units = change / spans[macro]
    moves = units > SILENCE_UNITS
    ranks = np.array([rank_correlation(row) for row in own])
    steps, ranges = np.diff(own, axis=1), np.ptp(own, axis=1)
    level = described[:, :, len(MACROS)] - start[:, None, len(MACROS)]
    return Verdict(
        MACROS[macro],
        float(np.mean(moves & (ranks >= MONOTONE))),
        float(np.mean(moves & (steps.min(axis=1) >= -TOLERANCE * ranges))),
        float(change.mean()),
        float(units.mean()),
        np.asarray((np.abs(described - start[:, None]) / spans).max(axis=1).mean(axis=0), np.float64),
        float(np.mean(np.abs(level).max(axis=1) <= STEADY_DB)),
    )


def rank_correlation(values: npt.NDArray[np.float64]) -> float:
    """Spearman's correlation of ``values`` with their index; ties share a rank; 0 if all are equal."""
    order = np.arange(len(values), dtype=np.float64)
    ranks = np.array([(values < value).sum() + 0.5 * (values == value).sum() for value in values])
    if np.ptp(ranks) == 0.0:
        return 0.0
    return float(np.corrcoef(order, ranks)[0, 1])


def table(verdicts: Sequence[Verdict]) -> str:
    """Verdicts as a Markdown table."""
    lines = [
        "| macro | monotone | rising | effect, σ | "
        + " | ".join(DESCRIPTORS)
        + f" | within ±{STEADY_DB:g} dB |",
        "|" + "---|" * (len(DESCRIPTORS) + 5),
    ]
    for verdict in verdicts:
        others = " | ".join(f"{value:.2f}" for value in verdict.others)
        lines.append(
            f"| {verdict.macro} | {verdict.monotone:.0%} | {verdict.rising:.0%} "
            f"| {verdict.effect_units:.2f} | {others} | {verdict.steady:.0%} |"
        )
    return "\n".join(lines)
