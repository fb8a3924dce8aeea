"""The paper's figure 4: an excerpt of a held-out tune up to 4 kHz, as it is and as the models predict it."""

from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure

from tsumami.plugins.match.drawing import INK
from tsumami.training.macros.figures_shared import plain
from tsumami.training.restoration.baselines import BASELINES
from tsumami.training.restoration.evaluate import Evaluation
from tsumami.training.restoration.evaluation_table import short
from tsumami.training.restoration.metrics import sdr_db
from tsumami.training.restoration.spectra import HOP, N_FFT, SAMPLE_RATE, Magnitudes
from tsumami.training.restoration.tunes import Tune
from tsumami.training.restoration.windows import EDGE, inner

HIGHEST_HZ: Final = 4000

_FRAMES: Final = 500
"""4 s, from the middle of the tune."""
_COLUMNS: Final = 2
_RANGE_DB: Final = 60.0
_COLOURS: Final = "magma"


def draw_predictions(evaluation: Evaluation, tune: Tune) -> Figure:
    """The truth, and what every trained model makes of it; the baselines, where there are no models."""
    spectrogram = _excerpt(tune)
    methods = evaluation.methods[tune.name]
    methods = [method for method in methods if method.name not in BASELINES] or methods
    true = inner(spectrogram)
    panels = [("truth", true, "")]
    for method in methods:
        predicted = method.predict(spectrogram)
        ratio = sdr_db(true, predicted)
        panels.append((method.name, predicted, "" if ratio is None else f"{ratio:.2f} dB"))
    rows = -(-len(panels) // _COLUMNS)
    figure = Figure(figsize=(11.0, 0.6 + 2.1 * rows), layout="constrained")
    figure.suptitle(
        f"{short(tune.name)}: dB under the loudest bin", x=0.005, ha="left", fontsize=9.5, color=INK
    )
    grid = list(figure.subplots(rows, _COLUMNS, squeeze=False, sharex=True, sharey=True).flat)
    for axes, (title, values, note) in zip(grid, panels, strict=False):
        _draw(axes, values, float(true.max()))
        axes.set_title(title, loc="left", fontsize=10, color=INK, fontweight="bold", parse_math=False)
        axes.set_title(note, loc="right", fontsize=9, color=INK)
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    figure.supxlabel("s", fontsize=8, color=INK)
    return figure


def _excerpt(tune: Tune) -> Magnitudes:
    first = max((len(tune.magnitudes) - _FRAMES - EDGE) // 2, 0)
    return tune.magnitudes[first : first + _FRAMES + EDGE]


def _draw(axes: Any, values: Magnitudes, loudest: float) -> None:
    bins = HIGHEST_HZ * N_FFT // SAMPLE_RATE + 1
    level_db = 20.0 * np.log10(np.maximum(values[:, :bins] / loudest, 10 ** (-_RANGE_DB / 20)))
    axes.imshow(
        level_db.T,
        origin="lower",
        aspect="auto",
        cmap=_COLOURS,
        vmin=-_RANGE_DB,
        vmax=0.0,
        extent=(0.0, len(values) * HOP / SAMPLE_RATE, 0.0, HIGHEST_HZ / 1000),
        interpolation="nearest",
    )
    axes.set_ylabel("kHz", color=INK, fontsize=8)
    plain(axes)
