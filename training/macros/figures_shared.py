"""What all figures of synth control share: spectrograms, plain axes, and files that are whole."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from tsumami.plugins.match.drawing import INK, draw_mel, png_of
from tsumami.plugins.offline.wav import write_beside

Values = npt.NDArray[np.float32]


def draw_spectrogram(axes: Any, mel: Values, loudest: float) -> None:
    """Linear mel power ``[64, 80]`` in dB under ``loudest``, over seconds and Hz."""
    draw_mel(axes, mel, loudest)
    plain(axes)


def plain(axes: Any) -> None:
    """Small ticks, and no frame."""
    axes.tick_params(labelsize=7.5, colors=INK, length=2)
    for side in axes.spines.values():
        side.set_visible(False)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a PNG, whole or not at all."""
    write_beside(path, png_of(figure))
