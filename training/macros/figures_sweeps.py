"""Macro sweeps (the paper's figure 4): a preset under a knob, as it sounds, and the parameters that do it."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib import color_sequences
from matplotlib.figure import Figure

from tsumami.engine.inference.contract import Latent
from tsumami.plugins.match.drawing import FAINT, INK, RANGE_DB
from tsumami.training.macros.descriptors import MACROS
from tsumami.training.macros.figures_shared import draw_spectrogram, plain
from tsumami.training.macros.scaling import Scale
from tsumami.training.macros.sweeps import Sweeps

Values = npt.NDArray[np.float32]

CURVES: Final = 5
"""So many parameters are drawn: those that move most."""

_COLOURS: Final = color_sequences["Dark2"]
_LEAST_GAP: Final = 0.16
"""Between two names at the end of their curves, as a share of the axis."""


def draw_sweeps(
    sweeps: Sweeps, rows: Sequence[int], parameters: Sequence[str], scale: Scale, model: str
) -> Figure:
    """One preset under some of its knobs, given by their ``rows`` in the macros of ``sweeps``.

    Of ``sweeps`` it is the first preset. Above, what is heard at each position of the knob, with the macro's
    descriptor in standard deviations of ``scale``; below, the parameters that the knob moves most.
    """
    positions = sweeps.values.shape[2]
    figure = Figure(figsize=(1.5 + 1.65 * positions, 0.7 + 3.3 * len(rows)), layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.03, h_pad=0.04, hspace=0.01, wspace=0.0)
    figure.suptitle(
        f"{sweeps.presets.names[0]} under macros of {model}: mel power over {RANGE_DB:g} dB, "
        "and the parameters that move most",
        x=0.005, ha="left", fontsize=10.5, color=INK, parse_math=False,
    )  # fmt: skip
    grid: Any = figure.add_gridspec(2 * len(rows), positions, height_ratios=(1.2, 1.0) * len(rows))
    loudest = float(sweeps.mel.max())
    for place, row in enumerate(rows):
        macro = sweeps.macros[row]
        notes = _notes(sweeps, row, scale)
        for column in range(positions):
            axes = figure.add_subplot(grid[2 * place, column])
            draw_spectrogram(axes, sweeps.mel[0, row, column], loudest)
            _entitle(axes, macro.name if column == 0 else "", notes[column])
        _draw_curves(figure.add_subplot(grid[2 * place + 1, :]), sweeps.values[0, row], parameters, macro)
    return figure


def _notes(sweeps: Sweeps, row: int, scale: Scale) -> list[str]:
    """The macro's descriptor at each stop; nothing of a macro that no descriptor measures."""
    name = sweeps.macros[row].name
    if name not in MACROS:
        return [""] * sweeps.values.shape[2]
    units = scale.to_units(sweeps.descriptors[0, row])[:, MACROS.index(name)]
    return [f"{unit:+.1f} σ".replace("-", "−") for unit in units.tolist()]


def _entitle(axes: Any, macro: str, note: str) -> None:
    """How much of the macro is measured; the first of a row has its name and the axis of frequency."""
    axes.set_title(note, loc="right", fontsize=8.5, color=INK)
    axes.set_title(macro, loc="left", fontsize=11, fontweight="bold", color=INK)
    axes.set_xticks([])
    if macro:
        axes.set_ylabel("Hz", fontsize=8, color=INK)
    else:
        axes.set_yticks([])


def _draw_curves(axes: Any, values: Values, parameters: Sequence[str], macro: Latent) -> None:
    """Positions of the parameters over those of the knob, each named where it ends."""
    knob = np.linspace(0.0, 1.0, len(values))
    moved = np.argsort(-np.ptp(values, axis=0), kind="stable")[:CURVES]
    moved = moved[np.ptp(values[:, moved], axis=0) > 0.0]
    moved = moved[np.argsort(values[-1, moved], kind="stable")]
    places = spread_out(values[-1, moved])
    for place, column, colour in zip(places, moved, _COLOURS, strict=False):
        axes.plot(knob, values[:, column], color=colour, linewidth=2.0, marker="o", markersize=4.0)
        axes.annotate(
            parameters[column], (1.0, values[-1, column]), (1.025, place), color=colour, fontsize=8.5,
            va="center", parse_math=False, annotation_clip=False,
        )  # fmt: skip
    half = 0.5 / max(len(values) - 1, 1)
    axes.set_xlim(-half, 1.0 + half)
    axes.set_ylim(-0.06, 1.06)
    axes.set_yticks([0.0, 0.5, 1.0])
    axes.set_ylabel("position", fontsize=8, color=INK)
    axes.set_xticks(
        knob, [f"{macro.low} ← 0", *(f"{place:.2g}" for place in knob[1:-1]), f"1 → {macro.high}"]
    )
    axes.grid(color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    plain(axes)
    for label in axes.get_xticklabels():
        label.set_fontsize(9)


def spread_out(ends: Values) -> list[float]:
    """Places 0-1 for names at rising ``ends``, at least `_LEAST_GAP` from each other."""
    places: list[float] = []
    for end in ends.tolist():
        places.append(max(end, places[-1] + _LEAST_GAP) if places else max(end, 0.0))
    excess = max(places[-1] - 1.0, 0.0) if places else 0.0
    lowered = [place - excess for place in places]
    for row in range(len(lowered) - 2, -1, -1):
        lowered[row] = min(max(places[row], lowered[row]), lowered[row + 1] - _LEAST_GAP)
    return lowered
