"""Parameters beside spectrograms (the paper's figure 3): held-out sounds, and how they were answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from tsumami.plugins.match.drawing import FAINT, INK, RANGE_DB
from tsumami.training.macros.baselines import NEAREST
from tsumami.training.macros.evaluate import Answers, Evaluation
from tsumami.training.macros.figures_shared import draw_spectrogram, plain

Values = npt.NDArray[np.float32]

MODELS: Final = 3
"""How many models stand in a figure: those with the lowest median SC."""

_QUANTILES: Final = (0.25, 0.5, 0.75)
_BAR, _MARK = "#3a7ca5", "#e4572e"
_LEGEND: Final = f"bars: parameters, marks: where the original has them; mel power over {RANGE_DB:g} dB"


@dataclass(frozen=True, slots=True)
class _Panel:
    """One sound as one row of the table has it."""

    title: str
    mel: Values
    values: Values
    note: str


def draw_answers(evaluation: Evaluation) -> Figure:
    """Three held-out sounds, as they are and as the nearest preset and the best models answer.

    They are those at the quartiles of the best answers, by SC; quiet sounds are left out. Bars are
    parameters, marks on them the true ones.
    """
    answers = [evaluation.row(NEAREST), *evaluation.models[:MODELS]]
    sounds = _typical_sounds(answers[1] if len(answers) > 1 else answers[0], evaluation.quiet)
    columns = 1 + len(answers)
    figure = Figure(figsize=(0.8 + 3.2 * columns, 1.2 + 3.0 * len(sounds)), layout="constrained")
    figure.suptitle(_LEGEND, x=0.005, ha="left", fontsize=9.5, color=INK)
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.05, h_pad=0.04, hspace=0.02, wspace=0.02)
    grid = figure.subplots(
        2 * len(sounds), columns, squeeze=False, height_ratios=(1.9, 1.0) * len(sounds), sharey="row"
    )
    for place, sound in enumerate(sounds):
        panels = _panels(evaluation, answers, sound)
        loudest = float(panels[0].mel.max())
        for column, panel in enumerate(panels):
            draw_spectrogram(grid[2 * place, column], panel.mel, loudest)
            _entitle(grid[2 * place, column], panel)
            _draw_bars(grid[2 * place + 1, column], panel.values, panels[0].values)
        grid[2 * place, 0].set_ylabel("Hz", color=INK)
        grid[2 * place + 1, 0].set_ylabel("position", color=INK)
    for axes in grid[-1]:
        _name_parameters(axes, evaluation.corpus.parameters)
    return figure


def _typical_sounds(answers: Answers, quiet: npt.NDArray[np.bool_]) -> list[int]:
    order = np.argsort(answers.distances["SC"], kind="stable")
    loud = order[~quiet[order]]
    places = {round(share * (len(loud) - 1)) for share in _QUANTILES}
    return [int(loud[place]) for place in sorted(places)]


def _panels(evaluation: Evaluation, answers: Sequence[Answers], sound: int) -> list[_Panel]:
    test = evaluation.corpus.test
    original = _Panel(str(test.names[sound]), test.mel[sound], test.values[sound], "original")
    return [
        original,
        *(
            _Panel(row.name, row.mel[sound], row.values[sound], f"SC {row.distances['SC'][sound]:.2f}")
            for row in answers
        ),
    ]


def _entitle(axes: Any, panel: _Panel) -> None:
    axes.set_title(panel.title, loc="left", fontsize=10, color=INK, fontweight="bold", parse_math=False)
    axes.set_title(panel.note, loc="right", fontsize=9, color=INK)


def _draw_bars(axes: Any, values: Values, true: Values) -> None:
    rows = np.arange(len(values))
    axes.bar(rows, values, width=0.72, color=_BAR)
    if values is not true:
        axes.hlines(true, rows - 0.45, rows + 0.45, color=_MARK, linewidth=1.6)
    axes.set_ylim(0.0, 1.03)
    axes.set_xlim(-0.8, len(values) - 0.2)
    axes.set_yticks([0.0, 0.5, 1.0])
    axes.set_xticks([])
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    plain(axes)


def _name_parameters(axes: Any, names: Sequence[str]) -> None:
    size = 7.5 if len(names) <= 20 else 6.0
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size, parse_math=False)
    axes.tick_params(axis="x", length=0)
