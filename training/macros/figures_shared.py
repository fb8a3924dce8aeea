"""What all figures of synth control share: colours, spectrograms, plain axes, and files that are whole."""

import io
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from tsumami.plugins.match.mel import BANDS, HOP, N_FFT, SAMPLE_RATE, mel_matrix
from tsumami.plugins.match.spectra import frequencies_hz
from tsumami.plugins.offline.wav import write_beside

Values = npt.NDArray[np.float32]

INK: Final = "#22262b"
FAINT: Final = "#c9ced6"
RANGE_DB: Final = 70.0
"""How far under the loudest bin a spectrogram is drawn."""

_TICKS_HZ: Final = (100, 300, 1000, 3000, 10_000)
_COLOURS: Final = "magma"
_DPI: Final = 110


def draw_spectrogram(axes: Any, mel: Values, loudest: float) -> None:
    """Linear mel power ``[64, 80]`` in dB under ``loudest``, over seconds and Hz."""
    level_db = 10.0 * np.log10(np.maximum(mel / loudest, 10 ** (-RANGE_DB / 10)))
    seconds = mel.shape[1] * HOP / SAMPLE_RATE
    axes.imshow(
        level_db,
        origin="lower",
        aspect="auto",
        cmap=_COLOURS,
        vmin=-RANGE_DB,
        vmax=0.0,
        extent=(0.0, seconds, -0.5, BANDS - 0.5),
        interpolation="nearest",
    )
    axes.set_yticks(np.interp(_TICKS_HZ, _centres_hz(), np.arange(BANDS)), [f"{hz:,}" for hz in _TICKS_HZ])
    axes.set_xticks(range(int(seconds) + 1), [f"{second} s" for second in range(int(seconds) + 1)])
    plain(axes)


def plain(axes: Any) -> None:
    """Small ticks, and no frame."""
    axes.tick_params(labelsize=7.5, colors=INK, length=2)
    for side in axes.spines.values():
        side.set_visible(False)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a PNG, whole or not at all."""
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=_DPI, facecolor="white", metadata={"Software": None})
    write_beside(path, png.getvalue())


def _centres_hz() -> npt.NDArray[np.float64]:
    """Mean frequency of every mel band, float64 ``[BANDS]``."""
    weights = mel_matrix()
    return np.asarray(frequencies_hz(N_FFT, SAMPLE_RATE) @ weights / weights.sum(axis=0), np.float64)
