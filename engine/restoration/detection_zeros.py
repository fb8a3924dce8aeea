"""Stretches of zeros in the midst of sound."""

from collections import deque
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.restoration.detection_damage import Damage, DamageKind
from tsumami.engine.restoration.detection_edges import CONTEXT_SECONDS, going_on
from tsumami.engine.restoration.detection_history import History
from tsumami.engine.restoration.detection_runs import Runs, Span

LEAST_SECONDS: Final = 0.0005
LONGEST_SECONDS: Final = 0.5
"""What is silent for longer is taken for a pause."""

_GOING_ON: Final = 0.3
"""Of the level beside a stretch: so loud sound would go on into it, if it was cut. Mean of both sides …"""
_LEAST_GOING_ON: Final = 0.14
"""… and for each. Sound that fades out within 5 ms has less."""
_QUANTA: Final = 16.0
"""Peak of the sound beside it, in the smallest steps it has, and …"""
_SLOPE: Final = 1.0
"""… mean step from sample to sample: what is quiet and slow may round to zero for a while."""
_QUIETEST: Final = 2e-4
_PEAK_SECONDS: Final = 0.001
_PERIOD_SECONDS: Final = 0.05
"""Longest period of a tone whose waves are silent in part, as pulses are."""
_SAME_SAMPLES: Final = 2
_SAME_SHAPE: Final = 0.2


class ZeroFinder:
    """Finds zeros that last `LEAST_SECONDS` to `LONGEST_SECONDS` where sound was cut on both sides.

    A stretch on all channels is told once, one on some of them for each.
    """

    def __init__(self, channels: int, sample_rate: float) -> None:
        self._rate = sample_rate
        self._at = 0
        self._all = _Track(None, sample_rate)
        self._each = [_Track(channel, sample_rate) for channel in range(channels)] if channels > 1 else []

    def find(self, history: History, is_over: bool) -> list[Damage]:
        """What is certain by now."""
        is_zero = history.span(self._at, history.end) == 0.0
        self._all.hear(is_zero.all(axis=0), self._at)
        for track, holds in zip(self._each, is_zero, strict=False):
            track.hear(holds, self._at)
        self._at = history.end
        found = [Damage(*span, DamageKind.ZEROS) for span in self._all.judged(history, is_over)]
        for track in self._each:
            alone = (span for span in track.judged(history, is_over) if not self._all.touches(span))
            found += [Damage(*span, DamageKind.ZEROS, track.channel) for span in alone]
        return found


class _Track:
    """The zeros of one channel, or those that all have at once."""

    def __init__(self, channel: int | None, sample_rate: float) -> None:
        self.channel = channel
        self._rate = sample_rate
        self._runs = Runs(max(round(LEAST_SECONDS * sample_rate), 2))
        self._waiting: deque[Span] = deque()
        self._recent: deque[Span] = deque()

    def hear(self, is_zero: npt.NDArray[np.bool_], at: int) -> None:
        """The next samples, which begin at a place."""
        runs = self._runs.hear(is_zero, at)
        self._waiting += runs
        self._recent += runs
        while self._recent and self._recent[0][1] < at - 2 * LONGEST_SECONDS * self._rate:
            self._recent.popleft()

    def judged(self, history: History, is_over: bool) -> Iterator[Span]:
        """The runs that are damage, as soon as enough is known of what comes after them."""
        wait = 0 if is_over else round(2 * _PERIOD_SECONDS * self._rate)
        while self._waiting and self._waiting[0][1] + wait <= history.end:
            span = self._waiting.popleft()
            if self._is_damage(span, history):
                yield span

    def touches(self, span: Span) -> bool:
        """Whether one of its runs has samples of a span."""
        return any(begin < span[1] and span[0] < end for begin, end in self._recent)

    def _is_damage(self, span: Span, history: History) -> bool:
        begin, end = span
        if end - begin > LONGEST_SECONDS * self._rate:
            return False
        context = round(CONTEXT_SECONDS * self._rate)
        sides = history.span(begin - context, begin), history.span(end, end + context)[:, ::-1]
        channels = range(len(sides[0])) if self.channel is None else [self.channel]
        is_cut = any(self._is_cut(*(side[channel] for side in sides)) for channel in channels)
        return is_cut and not self._is_of_tone(span, history)

    def _is_cut(self, *sides: npt.NDArray[np.float64]) -> bool:
        """Whether sound was cut on both ``sides`` of a run, whose last samples are the nearest to it."""
        if not all(self._is_sound(side) for side in sides):
            return False
        less, more = sorted(going_on(side, self._rate) for side in sides)
        return less >= _LEAST_GOING_ON and less * more >= _GOING_ON**2

    def _is_sound(self, beside: npt.NDArray[np.float64]) -> bool:
        """Whether it is far louder than what rounds to zero."""
        size = np.abs(beside)
        if not size.any():
            return False
        quantum = float(size[size > 0.0].min())
        near = beside[-max(round(_PEAK_SECONDS * self._rate), 2) :]
        is_loud = float(np.abs(near).max()) >= max(_QUANTA * quantum, _QUIETEST)
        return is_loud and float(np.abs(np.diff(near)).mean()) >= _SLOPE * quantum

    def _is_of_tone(self, span: Span, history: History) -> bool:
        """Whether it comes three times, each as long after the other, and after the same waves."""
        length = span[1] - span[0]
        alike = [one for one in self._recent if abs(one[1] - one[0] - length) <= _SAME_SAMPLES]
        for three in zip(alike, alike[1:], alike[2:], strict=False):
            (first, _), (second, _), (third, _) = three
            is_regular = abs(first + third - 2 * second) <= _SAME_SAMPLES
            if span in three and is_regular and third - second <= _PERIOD_SECONDS * self._rate:
                shapes = [self._shape(one, history) for one in three]
                loudest = max(float(np.abs(shape).max(initial=0.0)) for shape in shapes)
                size = min(shape.shape[1] for shape in shapes)
                if all(
                    np.abs(shape[:, -size:] - shapes[1][:, -size:]).max(initial=0.0) <= _SAME_SHAPE * loudest
                    for shape in shapes
                ):
                    return True
        return False

    def _shape(self, span: Span, history: History) -> npt.NDArray[np.float64]:
        return history.span(span[0] - round(LEAST_SECONDS * self._rate), span[0])
