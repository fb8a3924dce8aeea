"""Clicks: a few samples that stand out of their surroundings.

An autoregression's errors forwards are large at a click and after it, those backwards at a click and before
it: the smaller of the two is large at the click alone. It is also small where sound begins or jumps, as that
is foreseen from one side. A click has to be far above the usual error just before and just after it, and
above any within a period of the lowest tones, as the pulses of a voice or a reed are as sharp. Last, what an
interpolation puts in its place must be nothing unusual.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.restoration.detection_damage import Damage, DamageKind
from tsumami.engine.restoration.detection_edges import ORDER, fitted, prediction_errors
from tsumami.engine.restoration.detection_history import History
from tsumami.engine.restoration.detection_runs import Span
from tsumami.engine.restoration.interpolation import interpolate

LONGEST_SECONDS: Final = 0.0002
LONGEST_SAMPLES: Final = 10
"""Whichever is more."""

_FRAME_SECONDS: Final = 0.025
_BESIDE_SECONDS: Final = 0.001
_NEAR_SECONDS: Final = 0.005
_FAR_SECONDS: Final = 0.04
_STANDS_OUT: Final = 10.0
"""Of the error at a click, against the deviation of those near it, …"""
_ABOVE_FAR: Final = 3.0
"""… against the largest within `_FAR_SECONDS`, …"""
_ABOVE_BESIDE: Final = 5.0
"""… and against the largest within `_BESIDE_SECONDS` that is not the click's: an onset has many."""
_QUIETEST: Final = 5e-4
_DEVIATIONS: Final = 2.0
"""Deviation of the smaller of two errors, for its median 1."""
_EDGE: Final = 4.0
"""Deviations by which a sample belongs to a click, at least, and …"""
_EDGE_SHARE: Final = 0.05
"""… share of its largest error."""
_HOLE: Final = 3
"""Samples of a click that may be as expected by chance."""
_LOUDEST: Final = 6.0
"""Of the samples that are fitted, against their median: four deviations of noise."""
_NOTICED: Final = 5.0
"""Deviations of a frame's errors from which one is looked at."""
_LOUDER: Final = 10.0
"""Sound next to a click on one side than on the other, and …"""
_LOUDER_CONTEXT: Final = 3.5
"""… in all of its context: where sound begins or is cut off at once, that is what is heard."""
_SILENT: Final = 1e-20
_CONTEXT: Final = 512
"""Samples on both sides that a repair is judged by, and …"""
_AFTER: Final = 2 * ORDER
"""… those after a click that it makes use of."""
_LEFT: Final = 1 / 3
"""Of a click's error may be left by its repair."""

Samples = npt.NDArray[np.float64]


class ClickFinder:
    """Finds clicks of a few samples on each channel; one that all have is told once."""

    def __init__(self, channels: int, sample_rate: float) -> None:
        self._frame = round(_FRAME_SECONDS * sample_rate)
        self._longest = max(round(LONGEST_SECONDS * sample_rate), LONGEST_SAMPLES)
        self._beside = max(round(_BESIDE_SECONDS * sample_rate), 2 * LONGEST_SAMPLES)
        self._near = round(_NEAR_SECONDS * sample_rate)
        self._far = round(_FAR_SECONDS * sample_rate)
        self._channels = range(channels)
        self._errors = History(channels, 8 * self._frame)
        self._at = 0

    def find(self, history: History, is_over: bool) -> list[Damage]:
        """What is certain by now."""
        self._predict(history, is_over)
        known = self._errors.end if is_over else self._errors.end - self._far
        found: list[Damage] = []
        while self._at + self._frame <= known or (is_over and self._at < known):
            end = min(self._at + self._frame, known)
            found += _merged([list(self._clicks(history, channel, end)) for channel in self._channels])
            self._at = end
        return found

    def _predict(self, history: History, is_over: bool) -> None:
        """The errors of the frames that are there as a whole, with half a frame on both sides."""
        margin = self._frame // 2
        while True:
            begin = self._errors.end
            end = begin + self._frame
            if end + margin > history.end:
                if not is_over or begin == history.end:
                    return
                end = min(end, history.end)
            sound = history.span(begin - margin, end + margin)
            first = min(begin, margin)
            errors = [prediction_errors(x, fitted(_limited(x))).min(axis=0) for x in sound]
            self._errors.append(np.stack(errors, axis=1)[first : first + end - begin])

    def _clicks(self, history: History, channel: int, end: int) -> Iterator[Span]:
        """Those of a channel whose largest error is in the frame that ends at a place."""
        frame = self._errors.span(self._at, end)[channel]
        least = max(_NOTICED * _DEVIATIONS * float(np.median(frame)), _QUIETEST)
        above = np.flatnonzero(frame > least)
        while len(above):
            peak = int(above[np.argmax(frame[above])])
            above = above[np.abs(above - peak) > self._beside]
            span = self._extent(self._at + peak, channel)
            if span and _is_mended(history, channel, span, float(frame[peak])):
                yield span

    def _extent(self, peak: int, channel: int) -> Span | None:
        """The click around the place of a large error; None if that is none."""

        def errors(begin: int, end: int) -> Samples:
            return np.asarray(self._errors.span(begin, end)[channel])

        height = float(errors(peak, peak + 1)[0])
        first, last = peak - self._beside, peak + self._beside + 1
        near = [errors(first - self._near, first), errors(last, last + self._near)]
        if min(len(side) for side in near) < self._near:
            return None
        deviation = _DEVIATIONS * max(float(np.median(side)) for side in near)
        far = [errors(peak - self._far, first), errors(last, peak + self._far)]
        is_above = height >= max(_STANDS_OUT * deviation, _ABOVE_FAR * max(side.max() for side in far))
        if not is_above:
            return None
        belongs = np.flatnonzero(errors(first, last) > max(_EDGE * deviation, _EDGE_SHARE * height)) + first
        parts = np.split(belongs, np.flatnonzero(np.diff(belongs) > _HOLE + 1) + 1)
        click = next(part for part in parts if peak in part)
        begin, end = int(click[0]), int(click[-1]) + 1
        beside = np.concatenate([errors(first, begin), errors(end, last)])
        is_click = end - begin <= self._longest and height >= _ABOVE_BESIDE * beside.max()
        return (begin, end) if is_click else None


def _limited(sound: Samples) -> Samples:
    """Sound as it is fitted: what a click has in it beyond the level of the rest would spoil the fit."""
    most = _LOUDEST * float(np.median(np.abs(sound)))
    return np.clip(sound, -most, most) if most > 0.0 else sound


def _is_mended(history: History, channel: int, span: Span, height: float) -> bool:
    """Whether nothing is left of an error of a ``height`` when the span between sound is interpolated."""
    begin, end = span
    before = history.span(begin - _CONTEXT, begin)[channel]
    after = history.span(end, end + _CONTEXT)[channel]
    if _ratio(before[-_AFTER:], after[:_AFTER]) > _LOUDER or _ratio(before, after) > _LOUDER_CONTEXT:
        return False
    sound = history.span(begin - _CONTEXT, end + _CONTEXT)[channel].copy()
    click = slice(len(before), len(before) + end - begin)
    for _ in range(2):  # the first fit has the click in it
        sound[click] = interpolate(before, after[:_AFTER], end - begin, fitted(sound))
    errors = prediction_errors(sound, fitted(sound))[0]
    return bool(errors[click.start : click.stop + ORDER].max() <= _LEFT * height)


def _ratio(before: Samples, after: Samples) -> float:
    """How much louder one is than the other."""
    quiet, loud = sorted(float(np.square(side).mean()) for side in (before, after))
    return float(np.sqrt((loud + _SILENT) / (quiet + _SILENT)))


def _merged(channels: list[list[Span]]) -> list[Damage]:
    """Clicks of each channel, but one where all have clicks that overlap."""
    found = []
    for span in channels[0]:
        same = [[one for one in spans if one[0] < span[1] and span[0] < one[1]] for spans in channels]
        if all(same):
            bounds = [bound for spans in same for one in spans for bound in one]
            found.append(Damage(min(bounds), max(bounds), DamageKind.CLICKS))
            for spans, gone in zip(channels, same, strict=True):
                spans[:] = [one for one in spans if one not in gone]
    found += [
        Damage(*span, DamageKind.CLICKS, channel) for channel, spans in enumerate(channels) for span in spans
    ]
    return found
