"""The pictures of an evaluation of loops: the paper's training, and where made loops lie among true ones."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA

from tsumami.engine.loops.assembly import assemble
from tsumami.plugins.match.drawing import FAINT, INK
from tsumami.training.loops.evaluate import Evaluation
from tsumami.training.loops.loop_set import SAMPLE_RATE
from tsumami.training.loops.paper import LOOPS, PaperRun
from tsumami.training.macros.figures_shared import plain

Array = npt.NDArray[np.float32]

_MADE: Final = "#e4572e"
_TRUE: Final = "#3a7ca5"
_PAIRS: Final = 4


def draw_paper(paper: PaperRun) -> Figure:
    """The paper's figures: losses, all loops on two principal components, and the nearest pairs."""
    figure = Figure(figsize=(11.0, 6.4), layout="constrained")
    grid = figure.add_gridspec(_PAIRS, 3)
    losses = figure.add_subplot(grid[:2, 0])
    for column, name, colour in ((0, "generator", _MADE), (1, "discriminator", _TRUE)):
        losses.plot(paper.losses[:, column], color=colour, linewidth=0.6, label=name)
    _title(losses, "losses over epochs (figure 7)")
    losses.legend(frameon=False, fontsize=7.5)
    _scatter(figure.add_subplot(grid[2:, 0]), paper.loops, paper.made, "training and fixed z, PCA (figure 8)")
    nearest = cdist(paper.loops, paper.made).argmin(axis=1)
    for row in range(LOOPS):
        for column, loop in ((1, paper.loops[row]), (2, paper.made[nearest[row]])):
            axes = figure.add_subplot(grid[row, column])
            axes.plot(loop, color=(_TRUE, _MADE)[column - 1], linewidth=0.3)
            axes.set_ylim(-1.0, 1.0)
            axes.set_xticks([])
            _title(axes, ("training loop", "nearest of 100 made")[column - 1] if row == 0 else "")
    return figure


def draw_places(evaluation: Evaluation) -> Figure:
    """Every generator's loops among the learned ones, on two principal components of what is compared."""
    rows = evaluation.rows
    figure = Figure(figsize=(11.0, 2.7), layout="constrained")
    plane = PCA(2).fit(evaluation.learned)
    for axes, row in zip(figure.subplots(1, len(rows), sharex=True, sharey=True), rows, strict=True):
        axes.scatter(*plane.transform(evaluation.learned).T, s=3, color=FAINT)
        axes.scatter(*plane.transform(row.features).T, s=5, color=_TRUE if row.run is None else _MADE)
        _title(axes, row.label)
        axes.set_xticks([])
        axes.set_yticks([])
    return figure


def draw_pairs(evaluation: Evaluation) -> Figure:
    """Made loops of the last generator beside the nearest that it has learned from."""
    row = evaluation.rows[-1]
    assert row.run is not None, "the last row is a generator's"
    nearest = cdist(row.features, evaluation.learned)
    figure = Figure(figsize=(11.0, 4.6), layout="constrained")
    grid = figure.subplots(_PAIRS, 2, sharex=True)
    half = len(row.features) // 2
    for line, number in enumerate((0, 1, half, half + 1)):
        weights = evaluation.weights[number]
        made = assemble(evaluation.data.basis.sounds(weights), SAMPLE_RATE, 120.0, SAMPLE_RATE)
        learned = evaluation.data.loops[int(nearest[number].argmin())]
        for axes, loop, colour in zip(
            grid[line], (made, learned.audio(SAMPLE_RATE, 120.0)), (_MADE, _TRUE), strict=True
        ):
            axes.plot(loop, color=colour, linewidth=0.3)
            axes.set_xticks([])
            plain(axes)
        grid[line, 0].set_ylabel("bass" if number < half else "drums", fontsize=8, color=INK)
    _title(grid[0, 0], f"made by {row.label}")
    _title(grid[0, 1], "nearest that was learned from")
    return figure


def _scatter(axes: Any, learned: Array, made: Array, title: str) -> None:
    plane = PCA(2).fit(np.concatenate([learned, made]))
    axes.scatter(*plane.transform(made).T, s=8, color=_MADE, label="made")
    axes.scatter(*plane.transform(learned).T, s=40, color=_TRUE, marker="*", label="training")
    axes.legend(frameon=False, fontsize=7.5)
    _title(axes, title)


def _title(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=9, color=INK)
    plain(axes)
