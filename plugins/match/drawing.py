"""What pictures of sounds share: colours, spectrograms, and the bytes of a PNG."""

import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.plugins.match.mel import BANDS, HOP, N_FFT, SAMPLE_RATE, mel_matrix
from tsumami.plugins.match.spectra import frequencies_hz

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK: Final = "#22262b"
FAINT: Final = "#c9ced6"
RANGE_DB: Final = 70.0
"""How far under the loudest bin a spectrogram is drawn."""

_TICKS_HZ: Final = (100, 300, 1000, 3000, 10_000)
_COLOURS: Final = "magma"
_DPI: Final = 110


def draw_mel(axes: Any, mel: npt.NDArray[np.float32], loudest: float, unit: str = "") -> None:
    """Linear mel power ``[64, 80]`` in dB under ``loudest``, over seconds and Hz; ``unit`` follows these."""
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
    places = np.interp(_TICKS_HZ, _centres_hz(), np.arange(BANDS))
    axes.set_yticks(places, [f"{hz:,}{unit}" for hz in _TICKS_HZ])
    axes.set_xticks(range(int(seconds) + 1), [f"{second} s" for second in range(int(seconds) + 1)])


def plain(axes: Any) -> None:
    """Small labels, and neither ticks nor a frame."""
    axes.tick_params(length=0, labelsize=8, colors=INK)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)


def png_of(figure: "Figure") -> bytes:
    """A figure as a PNG of 256 colours, a third of its size with all of them."""
    from PIL import Image

    drawn, file = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_DPI, facecolor="white")
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(dither=Image.Dither.NONE).save(file, format="png", optimize=True)
    return file.getvalue()


def _centres_hz() -> npt.NDArray[np.float64]:
    """Mean frequency of every mel band, float64 ``[BANDS]``."""
    weights = mel_matrix()
    return np.asarray(frequencies_hz(N_FFT, SAMPLE_RATE) @ weights / weights.sum(axis=0), np.float64)
