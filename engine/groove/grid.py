"""A grid: when the beats of a performance fall, and what positions a beat has."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from tsumami.engine.groove.feel import Feel

Values = npt.NDArray[np.float64]

Source = Literal["bpm", "reference", "tracked", "click", "midi clock", "link", "session"]


@dataclass(frozen=True, slots=True)
class Grid:
    """Beats in seconds, evenly continued before the first and after the last, and the feel of a beat."""

    beat_seconds: Values
    """Of at least two beats."""
    feel: Feel
    source: Source
    confidence: float
    """0-1: that the feel is this one and no other."""
    beat_confidence: float
    """0-1: that the beats fall here and neither between nor twice as often."""
    first_beat: int = 0
    """Which beat of its bar the first is."""
    bar_confidence: float = 0.0
    """0-1: that it is."""
    beats_in_bar: int = 4
    knows_time: bool = False
    """Whether the beats come from elsewhere than the hits: only then can all of them be early or late."""

    @property
    def bpm(self) -> float:
        """Beats a minute over the whole grid."""
        beats = self.beat_seconds
        return float(60.0 * (len(beats) - 1) / (beats[-1] - beats[0]))

    def beat_of(self, times: Values) -> Values:
        """Where times in seconds stand, in beats from the first."""
        beats = self.beat_seconds
        n = np.clip(np.searchsorted(beats, times, "right") - 1, 0, len(beats) - 2)
        return np.asarray(n + (times - beats[n]) / (beats[n + 1] - beats[n]))

    def seconds_of(self, places: Values) -> Values:
        """The times of places in beats: the inverse of `beat_of`."""
        beats = self.beat_seconds
        n = np.clip(np.floor(places).astype(np.int64), 0, len(beats) - 2)
        return np.asarray(beats[n] + (places - n) * (beats[n + 1] - beats[n]))

    def place(self, times: Values) -> tuple[Values, Values]:
        """The grid positions that times are nearest to, in beats, and how many ms late they are."""
        at = self.beat_of(times)
        positions = np.array([*self.feel.positions, 1.0])
        beat = np.floor(at)
        nearest = np.abs((at - beat)[:, None] - positions).argmin(axis=1)
        places = beat + positions[nearest]
        return places, 1000.0 * (times - self.seconds_of(places))

    def in_bars(self, first_beat: int, confidence: float) -> "Grid":
        """The same with its first beat at ``first_beat`` of a bar."""
        return replace(self, first_beat=first_beat, bar_confidence=confidence)

    def of_bars(self, beats_in_bar: int) -> "Grid":
        """The same with so many beats in a bar."""
        return replace(self, beats_in_bar=beats_in_bar)

    def from_reference(self) -> "Grid":
        """The same as the grid of a reference, whose time is known."""
        return replace(self, source="reference", knows_time=True)

    def later(self, seconds: float) -> "Grid":
        """The same so much later; by how much a performance is late as a whole is known only at 0."""
        moved = self.beat_seconds + seconds
        return replace(self, beat_seconds=moved, knows_time=self.knows_time and seconds == 0.0)


def even_grid(bpm: float, first_beat_seconds: float, beats: int, feel: Feel, source: Source) -> Grid:
    """A grid of one tempo that is known for certain."""
    times = first_beat_seconds + np.arange(float(max(beats, 2))) * (60.0 / bpm)
    return Grid(np.asarray(times, np.float64), feel, source, 1.0, 1.0, knows_time=True)
