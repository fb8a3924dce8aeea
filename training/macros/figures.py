"""Figures of an evaluation: parameters beside spectrograms (the paper's figure 3), a map of the latents."""

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib import color_sequences
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from tsumami.plugins.match.mel import BANDS, HOP, N_FFT, SAMPLE_RATE, mel_matrix
from tsumami.plugins.match.spectra import frequencies_hz
from tsumami.plugins.offline.wav import write_beside
from tsumami.training.macros.baselines import NEAREST
from tsumami.training.macros.descriptors import LABELS, MACROS
from tsumami.training.macros.evaluate import Answers, Evaluation
from tsumami.training.macros.sounds import Sounds

Values = npt.NDArray[np.float32]

MODELS: Final = 3
"""How many models stand in a figure: those with the lowest median SC."""

_QUANTILES: Final = (0.25, 0.5, 0.75)
_RANGE_DB = 70.0
_TICKS_HZ: Final = (100, 300, 1000, 3000, 10_000)
_INK, _FAINT, _BAR, _MARK = "#22262b", "#c9ced6", "#3a7ca5", "#e4572e"
_LEGEND: Final = f"bars: parameters, marks: where the original has them; mel power over {_RANGE_DB:g} dB"
_SPECTRA: Final = "magma"
_PAPER: Final = "#f5f6f8"
_SHADES: Final = ("noisy", "bright", "percussive", "long")
_SMALLEST_TSNE: Final = 30
_LARGEST_LEGEND: Final = 8
_PERPLEXITY: Final = 30.0
_DPI: Final = 110


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
    figure.suptitle(_LEGEND, x=0.005, ha="left", fontsize=9.5, color=_INK)
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.05, h_pad=0.04, hspace=0.02, wspace=0.02)
    grid = figure.subplots(
        2 * len(sounds), columns, squeeze=False, height_ratios=(1.9, 1.0) * len(sounds), sharey="row"
    )
    for place, sound in enumerate(sounds):
        panels = _panels(evaluation, answers, sound)
        loudest = float(panels[0].mel.max())
        for column, panel in enumerate(panels):
            _draw_spectrogram(grid[2 * place, column], panel, loudest)
            _draw_bars(grid[2 * place + 1, column], panel.values, panels[0].values)
        grid[2 * place, 0].set_ylabel("Hz", color=_INK)
        grid[2 * place + 1, 0].set_ylabel("position", color=_INK)
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


def _draw_spectrogram(axes: Any, panel: _Panel, loudest: float) -> None:
    level_db = 10.0 * np.log10(np.maximum(panel.mel / loudest, 10 ** (-_RANGE_DB / 10)))
    seconds = panel.mel.shape[1] * HOP / SAMPLE_RATE
    axes.imshow(
        level_db,
        origin="lower",
        aspect="auto",
        cmap=_SPECTRA,
        vmin=-_RANGE_DB,
        vmax=0.0,
        extent=(0.0, seconds, -0.5, BANDS - 0.5),
        interpolation="nearest",
    )
    axes.set_yticks(np.interp(_TICKS_HZ, _centres_hz(), np.arange(BANDS)), [f"{hz:,}" for hz in _TICKS_HZ])
    axes.set_title(panel.title, loc="left", fontsize=10, color=_INK, fontweight="bold", parse_math=False)
    axes.set_title(panel.note, loc="right", fontsize=9, color=_INK)
    axes.set_xticks(range(int(seconds) + 1), [f"{second} s" for second in range(int(seconds) + 1)])
    _plain(axes)


def _draw_bars(axes: Any, values: Values, true: Values) -> None:
    rows = np.arange(len(values))
    axes.bar(rows, values, width=0.72, color=_BAR)
    if values is not true:
        axes.hlines(true, rows - 0.45, rows + 0.45, color=_MARK, linewidth=1.6)
    axes.set_ylim(0.0, 1.03)
    axes.set_xlim(-0.8, len(values) - 0.2)
    axes.set_yticks([0.0, 0.5, 1.0])
    axes.set_xticks([])
    axes.grid(axis="y", color=_FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    _plain(axes)


def _name_parameters(axes: Any, names: Sequence[str]) -> None:
    size = 7.5 if len(names) <= 20 else 6.0
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size, parse_math=False)
    axes.tick_params(axis="x", length=0)


def _plain(axes: Any) -> None:
    axes.tick_params(labelsize=7.5, colors=_INK, length=2)
    for side in axes.spines.values():
        side.set_visible(False)


def draw_latents(latents: Values, sounds: Sounds, title: str) -> Figure:
    """A map of latents ``[n, dimensions]`` of ``sounds``, coloured by their tags and by what they are like.

    t-SNE, or principal components when there are few sounds. A sound's colour is its rank in a descriptor;
    where no preset has tags, a fourth descriptor takes their place.
    """
    places, method = _places(np.asarray(latents, np.float64))
    figure = Figure(figsize=(11.0, 9.6), layout="constrained")
    figure.suptitle(f"{title} ({method})", fontsize=12, color=_INK, fontweight="bold")
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
        _plain(axes)
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
    for label, colour in zip(["other", *shown], [_FAINT, *color_sequences["Dark2"]], strict=False):
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
    bar.ax.set_yticklabels(ends, fontsize=9, color=_INK)
    bar.ax.tick_params(length=0)
    bar.outline.set_visible(False)


def _centres_hz() -> npt.NDArray[np.float64]:
    """Mean frequency of every mel band, float64 ``[BANDS]``."""
    weights = mel_matrix()
    return np.asarray(frequencies_hz(N_FFT, SAMPLE_RATE) @ weights / weights.sum(axis=0), np.float64)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a PNG, whole or not at all."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=_DPI, facecolor="white", metadata={"Software": None})
    write_beside(path, png.getvalue())
