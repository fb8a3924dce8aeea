"""Some repairs as a picture: the waves of before and after, and their spectrograms."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.bridge.restoration.sound_file import SoundReader
from tsumami.plugins.match.drawing import FAINT, INK, plain, png_of

Samples = npt.NDArray[np.float64]

_ROWS: Final = 3
_AROUND: Final = 0.75
"""Of a stretch's length, on each side of it that its waves are drawn."""
_LEAST_SECONDS: Final = 0.0015
_SPECTROGRAM_SECONDS: Final = 0.3
_WINDOW_SECONDS: Final = 0.012
_COLUMNS: Final = 400
_HIGHEST_HZ: Final = 16_000.0
_RANGE_DB: Final = 80.0
_BEFORE, _AFTER, _MARKED = "#e4572e", "#3a7ca5", "#f3e6c0"
_COLOURS: Final = "magma"


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch that was repaired, what it was, and a channel that has it."""

    begin: int
    end: int
    name: str
    channel: int


@dataclass(frozen=True, slots=True)
class _Excerpt:
    """What surrounds a mark in its channel, from place ``first`` on, before and after."""

    mark: Mark
    sample_rate: int
    first: int
    before: Samples
    after: Samples

    def seconds(self, place: int) -> float:
        """Of a place, from where the mark begins."""
        return (place - self.mark.begin) / self.sample_rate


def chosen(marks: Sequence[Mark]) -> list[Mark]:
    """What is drawn: the longest of each kind, then the longest of the others, in the order of the file."""
    longest = sorted(marks, key=lambda mark: mark.begin - mark.end)
    firsts = list({mark.name: mark for mark in reversed(longest)}.values())
    others = [mark for mark in longest if mark not in firsts]
    return sorted([*firsts, *others][:_ROWS], key=lambda mark: mark.begin)


def draw_repairs(source: Path, target: Path, marks: Sequence[Mark]) -> bytes:
    """A PNG with a row for each of some ``marks``, of the files before and after.

    Needs matplotlib, see `tsumami.plugins.match.picture.check_drawing`.
    """
    from matplotlib.figure import Figure

    drawn = chosen(marks)
    count = max(len(drawn), 1)
    figure = Figure(figsize=(11.0, 0.3 + 2.3 * count), layout="constrained")
    rows = figure.subplots(count, 3, squeeze=False, width_ratios=(1.4, 1.0, 1.0))
    for axes, mark in zip(rows, drawn, strict=False):
        _draw_row(axes, _excerpt(mark, source, target))
    if not drawn:
        figure.suptitle("nothing was repaired", fontsize=11, color=INK)
        for axes in rows[0]:
            axes.set_visible(False)
    return png_of(figure)


def _excerpt(mark: Mark, source: Path, target: Path) -> _Excerpt:
    sounds = []
    rate = first = 0
    for path in (source, target):
        reader = SoundReader(path)
        try:
            rate = reader.sample_rate
            around = round((_SPECTROGRAM_SECONDS + _WINDOW_SECONDS) * rate / 2)
            first = max(mark.begin - around, 0)
            reader.seek(first)
            sound = reader.to_audio(reader.read(mark.end + around - first))[:, mark.channel]
        finally:
            reader.close()
        sounds.append(np.nan_to_num(sound.astype(np.float64)))
    return _Excerpt(mark, rate, first, *sounds)


def _draw_row(axes: Any, excerpt: _Excerpt) -> None:
    mark = excerpt.mark
    _draw_waves(axes[0], excerpt)
    begin = mark.begin / excerpt.sample_rate
    length_ms = 1000.0 * (mark.end - mark.begin) / excerpt.sample_rate
    _title(axes[0], f"{mark.name}: {length_ms:.3g} ms at {begin:.3f} s")
    powers = [_power(sound, excerpt.sample_rate) for sound in (excerpt.before, excerpt.after)]
    loudest = max(float(powers[1].max(initial=0.0)), 1e-20)
    for place, power, title in zip(axes[1:], powers, ("before", "after"), strict=True):
        _draw_spectrogram(place, power, loudest, excerpt)
        _title(place, title)
    axes[2].tick_params(labelleft=False)


def _draw_waves(axes: Any, excerpt: _Excerpt) -> None:
    """Both waves, before behind, with the mark's surroundings in proportion to its length."""
    mark, rate = excerpt.mark, excerpt.sample_rate
    beside = max(round(_AROUND * (mark.end - mark.begin)), round(_LEAST_SECONDS * rate))
    begin, end = max(mark.begin - beside, excerpt.first), mark.end + beside
    shown = slice(begin - excerpt.first, end - excerpt.first)
    after = excerpt.after[shown]
    ms = 1000.0 * (begin + np.arange(len(after)) - mark.begin) / rate
    axes.axvspan(0.0, 1000.0 * (mark.end - mark.begin) / rate, color=_MARKED, linewidth=0.0)
    axes.plot(ms, excerpt.before[shown], color=_BEFORE, linewidth=1.0, label="before")
    axes.plot(ms, after, color=_AFTER, linewidth=1.3, label="after")
    axes.set_xlim(ms[0], ms[-1])
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=2, frameon=False, fontsize=8)
    axes.set_xlabel("ms", fontsize=8, color=INK, labelpad=1)
    plain(axes)


def _draw_spectrogram(axes: Any, power: Samples, loudest: float, excerpt: _Excerpt) -> None:
    level_db = 10.0 * np.log10(np.maximum(power / loudest, 10.0 ** (-_RANGE_DB / 10.0)))
    rate = excerpt.sample_rate
    half = _WINDOW_SECONDS / 2
    begin, end = (
        1000.0 * excerpt.seconds(place) for place in (excerpt.first, excerpt.first + len(excerpt.after))
    )
    axes.imshow(
        level_db.T,
        origin="lower",
        aspect="auto",
        cmap=_COLOURS,
        vmin=-_RANGE_DB,
        vmax=0.0,
        extent=(begin + 1000.0 * half, end - 1000.0 * half, 0.0, rate / 2000.0),
        interpolation="nearest",
    )
    for place in (excerpt.mark.begin, excerpt.mark.end):
        axes.plot(
            [1000.0 * excerpt.seconds(place)] * 2,
            [0.965, 1.0],
            color="white",
            linewidth=1.2,
            transform=axes.get_xaxis_transform(),
        )
    axes.set_ylim(0.0, min(_HIGHEST_HZ, rate / 2) / 1000.0)
    axes.set_xlabel("ms", fontsize=8, color=INK, labelpad=1)
    axes.set_ylabel("kHz" if axes.get_subplotspec().colspan.start == 1 else "", fontsize=8, color=INK)
    plain(axes)


def _power(sound: Samples, sample_rate: int) -> Samples:
    """Power of the spectra of windows ``[columns, bins]``."""
    size = max(2 * round(_WINDOW_SECONDS * sample_rate / 2), 4)
    sound = np.pad(sound, (0, max(size - len(sound), 0)))
    hop = max(len(sound) // _COLUMNS, 1)
    windows = np.lib.stride_tricks.sliding_window_view(sound, size)[::hop] * np.hanning(size)
    return np.asarray(np.square(np.abs(np.fft.rfft(windows, 2 * size))))


def _title(axes: Any, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=9.5, color=INK, fontweight="bold", parse_math=False)
