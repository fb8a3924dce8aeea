"""What loops play: basslines made by chance within a key, and bars of drummers."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from tsumami.engine.loops.assembly import BEATS, STEPS
from tsumami.engine.loops.wishes import LoopKind
from tsumami.training.groove.drum_kit import drum_map
from tsumami.training.groove.performances import list_performances, read_performance
from tsumami.training.loops.bass import LOUDNESS

KEYS: Final = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
SCALES: Final = {
    "minor pentatonic": (0, 3, 5, 7, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "major": (0, 2, 4, 5, 7, 9, 11),
}
_LOWEST_ROOT: Final = 40
"""E2, the lowest note that was recorded."""
_SLOWEST_BPM, _FASTEST_BPM = 86, 172
_OTHER_METRE: Final = re.compile(r"_beat_(?!4-4)")
_OF_ONE: Final = 4
"""Bars at most of one performance, so that a hundred bars are of many drummers and styles."""
_ON_THE_BEAT: Final = np.array([1.0, 0.35, 0.6, 0.4] * BEATS)
"""How likely steps of a bar are to be played on, against each other."""


@dataclass(frozen=True, slots=True)
class Tone:
    """What begins on a step: a MIDI note, how it is played (of `LOUDNESS`, or a velocity), for how long."""

    step: int
    note: int
    force: str | int
    steps: float


@dataclass(frozen=True, slots=True)
class Pattern:
    """One bar of tones; ``key`` is empty of drums."""

    kind: LoopKind
    name: str
    bpm: int
    key: str
    tones: tuple[Tone, ...]

    @property
    def density(self) -> float:
        """Share of the steps on which something begins."""
        return len({tone.step for tone in self.tones}) / STEPS


def bassline(rng: np.random.Generator, number: int) -> Pattern:
    """A bar in one key: few notes of its scale near the root, the first one on the first beat."""
    bpm = int(rng.integers(_SLOWEST_BPM, _FASTEST_BPM + 1))
    root, scale = int(rng.integers(_LOWEST_ROOT, _LOWEST_ROOT + 12)), str(rng.choice(list(SCALES)))
    ladder = [root + degree + octave for octave in (0, 12) for degree in SCALES[scale]][:8]
    likely = np.clip(_ON_THE_BEAT * rng.uniform(0.4, 1.3), 0.0, 1.0)
    likely[0] = 1.0
    steps = np.flatnonzero(rng.random(STEPS) < likely)
    force = int(rng.integers(len(LOUDNESS)))
    tones, place = [], 0
    for step, following in zip(steps.tolist(), [*steps[1:].tolist(), STEPS], strict=True):
        place = int(np.clip(place + rng.choice((-2, -1, 0, 0, 0, 1, 2, 4)), 0, len(ladder) - 1))
        louder = int(np.clip(force + (1 if step % 4 == 0 else rng.integers(-1, 1)), 0, len(LOUDNESS) - 1))
        length = min(following - step, float(rng.choice((0.75, 1.5, 3.0))))
        tones.append(Tone(step, ladder[0 if step == 0 else place], LOUDNESS[louder], length))
    return Pattern("bass", f"bass-{number:04}", bpm, f"{KEYS[root % 12]} {scale}", tuple(tones))


def drum_bars(data: Path, split: str, rng: np.random.Generator) -> Iterator[Pattern]:
    """Bars of the Groove MIDI data set, every hit on its sixteenth, of one performance after another."""
    paths = [path for path in list_performances(data, split) if not _OTHER_METRE.search(path.stem)]
    for number in rng.permutation(len(paths)).tolist():
        path = paths[number]
        performance = read_performance(path)
        hits = performance.hits
        bars = range(2, int(hits["beat"].max(initial=0.0)) // BEATS - 1, 4)
        for bar in itertools.islice(bars, _OF_ONE):
            inside = hits[(hits["beat"] >= bar * BEATS) & (hits["beat"] < (bar + 1) * BEATS)]
            steps = np.rint((inside["beat"] - bar * BEATS) * STEPS / BEATS).astype(int) % STEPS
            tones = tuple(
                Tone(int(step), int(hit["note"]), int(hit["velocity"]), STEPS)
                for step, hit in zip(steps, inside, strict=True)
                if int(hit["note"]) in drum_map()
            )
            if len({tone.step for tone in tones}) >= 3:
                bpm = int(np.clip(performance.bpm, _SLOWEST_BPM, _FASTEST_BPM))
                yield Pattern("drums", f"{path.stem}-{bar}", bpm, "", tones)
