"""A map of the latents: where a model puts sounds, and what lies together there."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib import color_sequences
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from tsumami.plugins.match.drawing import FAINT, INK
from tsumami.training.macros.descriptors import LABELS, MACROS
from tsumami.training.macros.figures_shared import plain
from tsumami.training.macros.sounds import Sounds

Values = npt.NDArray[np.float32]

_PAPER: Final = "#f5f6f8"
_SHADES: Final = ("noisy", "bright", "percussive", "long")
_SMALLEST_TSNE: Final = 30
_LARGEST_LEGEND: Final = 8
_PERPLEXITY: Final = 30.0


def draw_latents(latents: Values, sounds: Sounds, title: str) -> Figure:
    """A map of latents ``[n, dimensions]`` of ``sounds``, coloured by their tags and by what they are like.

    t-SNE, or principal components when there are few sounds. A sound's colour is its rank in a descriptor;
    where no preset has tags, a fourth descriptor takes their place.
    """
    places, method = _places(np.asarray(latents, np.float64))
    figure = Figure(figsize=(11.0, 9.6), layout="constrained")
    figure.suptitle(f"{title} ({method})", fontsize=12, color=INK, fontweight="bold")
    panels = figure.subplots(2, 2).ravel()
    labels = [tags[0] if tags else "" for tags in sounds.tags]
    if any(labels):
        _draw_labels(panels[0], places, labels)
    shades = _SHADES[1:] if any(labels) else _SHADES
    for axes, macro in zip(panels[-len(shades) :], shades, strict=True):
        _draw_shades(figure, axes, places, sounds.descriptors[:, MACROS.index(macro)], LABELS[macro])
    for axes in panels:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_facecolor(_PAPER)
        plain(axes)
    return figure


def _places(latents: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], str]:
    """Two dimensions of many, ``[n, 2]``, and by which method."""
    if len(latents) < _SMALLEST_TSNE:
        return np.asarray(PCA(2).fit_transform(latents)), "principal components"
    perplexity = min(_PERPLEXITY, len(latents) / 4)
    return np.asarray(TSNE(2, perplexity=perplexity, random_state=0).fit_transform(latents)), "t-SNE"


def _draw_labels(axes: Any, places: npt.NDArray[np.float64], labels: Sequence[str]) -> None:
    """The commonest labels by colour, the others grey."""
    counted = Counter(label for label in labels if label)
    shown = [label for label, _ in counted.most_common(_LARGEST_LEGEND)]
    of_row = np.array([label if label in shown else "other" for label in labels])
    for label, colour in zip(["other", *shown], [FAINT, *color_sequences["Dark2"]], strict=False):
        chosen = places[of_row == label]
        if len(chosen):
            axes.scatter(*chosen.T, s=16, color=colour, linewidths=0, label=label)
    axes.legend(loc="upper left", fontsize=8, frameon=False, markerscale=1.4, handletextpad=0.2)


def _draw_shades(
    figure: Figure, axes: Any, places: npt.NDArray[np.float64], values: Values, ends: tuple[str, str]
) -> None:
    """Ranks of a descriptor from its lowest (the first of ``ends``) to its highest."""
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    points = axes.scatter(*places.T, c=ranks, cmap="viridis", s=16, linewidths=0)
    bar = figure.colorbar(points, ax=axes, pad=0.01, fraction=0.04, ticks=[0, max(len(ranks) - 1, 1)])
    bar.ax.set_yticklabels(ends, fontsize=9, color=INK)
    bar.ax.tick_params(length=0)
    bar.outline.set_visible(False)
