"""The paper's figures 3-5, of one beat that was not learned from, and the divergence over deviations."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from tsumami.plugins.match.drawing import FAINT, INK
from tsumami.training.groove.beats import BPM, SAMPLE_RATE, Section, cut, split
from tsumami.training.groove.evaluate import Evaluation
from tsumami.training.groove.pieces import DEVIATIONS_MS, lone_ghosts
from tsumami.training.macros.figures_shared import plain

_MADE: Final = "#e4572e"
_MARK: Final = "#3a7ca5"
_COLUMNS: Final = ("means of the latent (figure 3)", "samples of it (figure 5)", "divergence (figure 4)")


def draw_beat(evaluation: Evaluation) -> Figure:
    """The tested beat with the most soft hits: restored, sampled, and its divergence from the twin.

    Of the first seed's models: those of another may have learned from it.
    """
    section, seed = evaluation.section, evaluation.rows[0].run.seed
    rows = [row for row in evaluation.rows if row.run.seed == seed]
    number = softest_beat(section, seed)
    performed, programmed = (cut(sound)[number] for sound in (section.performed, section.programmed))
    begin = number * 60.0 / BPM
    soft = [time - begin for time in _soft(section) if 0.0 <= time - begin < 60.0 / BPM]
    figure = Figure(figsize=(11.0, 0.8 + 1.45 * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), len(_COLUMNS), squeeze=False, sharex=True)
    for axes, row in zip(grid, rows, strict=True):
        for place, sampled in zip(axes, (False, True), strict=False):
            made = row.run.restored(performed[None], sampled=sampled)[0]
            place.plot(*_over_time(performed), color=INK, linewidth=0.5)
            place.plot(*_over_time(made), color=_MADE, linewidth=0.4, alpha=0.8)
            place.set_ylim(-1.0, 1.0)
        curve = row.run.divergence(performed[None], programmed)[0]
        scaled = (curve - curve.min()) / max(float(np.ptp(curve)), 1e-9)
        axes[-1].plot(*_over_time(scaled), color=INK, linewidth=0.5)
        axes[0].set_ylabel(row.run.label, fontsize=8, color=INK)
        for place in axes:
            _finish(place, soft)
    for place, title in zip(grid[0], _COLUMNS, strict=True):
        place.set_title(title, loc="left", fontsize=9.5, color=INK)
    figure.supxlabel("seconds; dotted: soft hits", fontsize=8, color=INK)
    return figure


def softest_beat(section: Section, seed: int) -> int:
    """The tested beat with the most soft hits."""
    tested = split(len(cut(section.performed)), seed)[1]
    beats = np.floor(_soft(section) * BPM / 60.0)
    return int(max(tested, key=lambda beat: (beats == beat).sum()))


def _soft(section: Section) -> npt.NDArray[np.float64]:
    """When soft hits are heard that no other is near."""
    return np.asarray(lone_ghosts(section.hits)["time_seconds"], np.float64)


def draw_deviations(evaluation: Evaluation) -> Figure:
    """Mean and level of the divergence over the deviation that was put in, on the mean of all pieces."""
    figure = Figure(figsize=(11.0, 3.2), layout="constrained")
    means, levels = figure.subplots(1, 2)
    for row in evaluation.rows:
        means.plot(DEVIATIONS_MS, row.mean_nats, marker="o", markersize=3.5, label=row.run.label)
        levels.plot(DEVIATIONS_MS, row.level_db, marker="o", markersize=3.5, label=row.run.label)
    means.set_yscale("log")
    for axes, title in ((means, "mean, nats"), (levels, "level, dB of 1 nat")):
        axes.set_title(title, loc="left", fontsize=9.5, color=INK)
        axes.set_xlabel("deviation, ms", fontsize=8, color=INK)
        axes.grid(axis="y", color=FAINT, linewidth=0.5)
        plain(axes)
    figure.legend(*levels.get_legend_handles_labels(), loc="outside right", frameon=False, fontsize=8)
    return figure


def _over_time(values: Any) -> tuple[Any, Any]:
    return np.arange(len(values)) / SAMPLE_RATE, values


def _finish(axes: Any, soft: Any) -> None:
    for time in soft:
        axes.axvline(time, color=_MARK, linewidth=0.8, linestyle=":")
    plain(axes)
