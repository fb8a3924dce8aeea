"""Loops on one page: the sound of each over its beats."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tsumami.engine.loops.assembly import BEATS
from tsumami.plugins.match.drawing import FAINT, INK, plain, png_of
from tsumami.plugins.match.picture import check_drawing

Audio = npt.NDArray[np.float32]

_COLUMNS = 4
_POINTS = 1200


def draw_loops(loops: Sequence[Audio], seeds: Sequence[int], bars: int, sample_rate: int) -> bytes:
    """The PNG of a page; raises `PluginError` where matplotlib is not installed."""
    check_drawing()
    from matplotlib.figure import Figure

    rows = -(-len(loops) // _COLUMNS)
    page = Figure(figsize=(11.0, 0.5 + 1.1 * rows), layout="constrained")
    grid = page.subplots(rows, _COLUMNS, squeeze=False, sharex=True, sharey=True)
    for axes in grid.flat[len(loops) :]:
        axes.set_visible(False)
    for axes, loop, seed in zip(grid.flat, loops, seeds, strict=False):
        lowest, highest = outline(loop)
        beats = np.linspace(0.0, bars * BEATS, len(lowest))
        for beat in range(bars * BEATS):
            axes.axvline(beat, color=FAINT, linewidth=1.2 if beat % BEATS == 0 else 0.5)
        axes.fill_between(beats, lowest, highest, color=INK, linewidth=0.3)
        axes.set_title(f"seed {seed}", loc="left", fontsize=8, color=INK)
        axes.set_xticks([])
        axes.set_yticks([])
        plain(axes)
    seconds = len(loops[0]) / sample_rate
    page.supxlabel(f"beats; {seconds:.3f} s each", fontsize=8, color=INK)
    return png_of(page)


def outline(loop: Audio) -> tuple[Audio, Audio]:
    """Lowest and highest sample of each of the points that are drawn."""
    edges = np.linspace(0, len(loop), min(_POINTS, len(loop)) + 1).astype(int)[:-1]
    return np.minimum.reduceat(loop, edges), np.maximum.reduceat(loop, edges)
