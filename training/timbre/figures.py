"""The paper's figures 3-5: spaces by t-SNE, compactness kind by kind, and distances between kinds."""

from typing import Any, Final

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from sklearn.manifold import TSNE

from tsumami.engine.timbre.features import BANDS_PER_OCTAVE
from tsumami.plugins.match.drawing import INK
from tsumami.training.macros.figures_shared import plain
from tsumami.training.timbre.evaluate import SPACES, Evaluation, Row
from tsumami.training.timbre.separation import compactness_of, distances, standardised

_SEED: Final = 1
_OCTAVE: Final = BANDS_PER_OCTAVE // 2
_COLOURS: Final = {"pitch": "viridis", "timbre": "tab10"}


def draw_spaces(evaluation: Evaluation) -> Figure:
    """Figure 3: both spaces of every model by t-SNE, coloured by pitch and by instrument."""
    rows = evaluation.rows
    figure = Figure(figsize=(3.6 * len(rows), 7.4), layout="constrained")
    grid = figure.subplots(len(SPACES), len(rows), squeeze=False)
    for column, row in enumerate(rows):
        for line, space in enumerate(SPACES):
            _scatter(grid[line, column], row, space, _labels(evaluation, space))
            grid[line, column].set_title(f"{row.name}: {space}", loc="left", fontsize=9, color=INK)
    names = evaluation.instruments.names
    colours = mpl.colormaps[_COLOURS["timbre"]]
    for number, name in enumerate(names):
        grid[1, -1].scatter([], [], color=colours(number), s=12.0, label=name)
    place: Any = "outside lower right"
    figure.legend(loc=place, ncols=len(names), frameon=False, fontsize=8)
    return figure


def draw_compactness(evaluation: Evaluation) -> Figure:
    """Figure 4: compactness of every pitch and every instrument."""
    figure = Figure(figsize=(11.0, 4.6), layout="constrained")
    axes: Any = figure.subplots(1, 2, width_ratios=[3, 1])
    count = len(evaluation.rows)
    for place, space in zip(axes, SPACES, strict=True):
        labels = _labels(evaluation, space)
        for number, row in enumerate(evaluation.rows):
            found = compactness_of(standardised(row.latents[space]), labels)
            shift = (number - 0.5 * (count - 1)) * 0.8 / count
            place.bar(np.arange(len(found)) + shift, found, 0.8 / count, label=row.name)
        place.set_title(f"compactness, {space}", loc="left", fontsize=9.5, color=INK)
        kinds = _kinds(evaluation, space)
        place.set_xticks(range(len(kinds)), kinds, rotation=90)
        plain(place)
    place_of_legend: Any = "outside lower center"
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc=place_of_legend, ncols=count, frameon=False, fontsize=8
    )
    return figure


def draw_distances(evaluation: Evaluation) -> Figure:
    """Figure 5: distances between the centres of all pitches, and of all instruments."""
    rows = evaluation.rows
    figure = Figure(figsize=(3.2 * len(rows), 6.6), layout="constrained")
    grid = figure.subplots(len(SPACES), len(rows), squeeze=False)
    for line, space in enumerate(SPACES):
        labels = _labels(evaluation, space)
        found = [distances(standardised(row.latents[space]), labels) for row in rows]
        highest = max(float(some.max()) for some in found)
        for axes, row, some in zip(grid[line], rows, found, strict=True):
            axes.imshow(some, cmap="viridis", vmin=0.0, vmax=highest)
            axes.set_title(f"{row.name}: {space}", loc="left", fontsize=9, color=INK)
            kinds = _kinds(evaluation, space)
            step = 1 if space == "timbre" else _OCTAVE
            axes.set_xticks(range(0, len(kinds), step), kinds[::step], rotation=90)
            axes.set_yticks(range(0, len(kinds), step), kinds[::step])
            plain(axes)
        figure.colorbar(grid[line, 0].images[0], ax=list(grid[line]), shrink=0.7)
    return figure


def _scatter(axes: Any, row: Row, space: str, labels: npt.NDArray[np.int64]) -> None:
    means = row.latents[space].mean(axis=1)
    places = TSNE(init="pca", random_state=_SEED).fit_transform(means)
    axes.scatter(*places.T, c=labels, cmap=_COLOURS[space], s=4.0, vmax=9 if space == "timbre" else None)
    axes.set_xticks([])
    axes.set_yticks([])
    plain(axes)


def _labels(evaluation: Evaluation, space: str) -> npt.NDArray[np.int64]:
    return evaluation.instruments.notes if space == "pitch" else evaluation.instruments.timbres


def _kinds(evaluation: Evaluation, space: str) -> list[str]:
    labels = _labels(evaluation, space)
    if space == "pitch":
        return [str(note) for note in np.unique(labels)]
    return [evaluation.instruments.names[row] for row in np.unique(labels)]
