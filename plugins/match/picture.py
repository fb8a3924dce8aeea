"""A match as a picture: the sound, what was predicted and what was found, as spectrograms over parameters."""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ParameterError
from tsumami.plugins.match.drawing import FAINT, INK, draw_mel, plain, png_of

Values = npt.NDArray[np.float32]

_FOUND, _PREDICTED = "#3a7ca5", "#e4572e"
_LONGEST_TITLE: Final = 22


@dataclass(frozen=True, slots=True)
class Panel:
    """One spectrogram: its heading, a remark, and linear mel power ``[64, 80]``."""

    title: str
    note: str
    mel: Values


def check_drawing() -> None:
    """Raise `ParameterError` where matplotlib is not installed."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ParameterError(
            "matplotlib must be installed for a picture, got none; pip install 'tsumami[training]'"
        )


def draw_match(panels: Sequence[Panel], names: Sequence[str], found: Values, predicted: Values) -> bytes:
    """A PNG of the panels side by side, over bars of ``found`` positions 0-1 with marks at ``predicted``.

    See `check_drawing`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.4 * len(panels), 5.6), layout="constrained")
    grid = figure.add_gridspec(2, len(panels), height_ratios=(1.5, 1.0))
    loudest = max(float(panels[0].mel.max()), 1e-30)
    for column, panel in enumerate(panels):
        axes = figure.add_subplot(grid[0, column])
        _draw_spectrogram(axes, panel, loudest)
        if column:
            axes.tick_params(labelleft=False)
    _draw_parameters(figure.add_subplot(grid[1, :]), names, found, predicted)
    return png_of(figure)


def _draw_spectrogram(axes: Any, panel: Panel, loudest: float) -> None:
    draw_mel(axes, panel.mel, loudest, " Hz")
    title = panel.title if len(panel.title) <= _LONGEST_TITLE else f"{panel.title[:_LONGEST_TITLE]}…"
    axes.set_title(title, loc="left", fontsize=10, color=INK, fontweight="bold", parse_math=False)
    axes.set_title(panel.note, loc="right", fontsize=9, color=INK)
    plain(axes)


def _draw_parameters(axes: Any, names: Sequence[str], found: Values, predicted: Values) -> None:
    rows = np.arange(len(names))
    axes.bar(rows, found, width=0.72, color=_FOUND, label="found")
    axes.hlines(predicted, rows - 0.45, rows + 0.45, color=_PREDICTED, linewidth=1.6, label="predicted")
    axes.set_ylim(0.0, 1.03)
    axes.set_xlim(-0.8, len(names) - 0.2)
    axes.set_yticks([0.0, 0.5, 1.0])
    axes.set_xticks(rows, names, rotation=90, fontsize=7.5 if len(names) <= 20 else 6.0, parse_math=False)
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, fontsize=8)
    plain(axes)
