"""Trained generators of loops against loops that nobody has learned from."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.loops.assembly import STEPS, assemble
from tsumami.engine.loops.wishes import KINDS, WISHES
from tsumami.training.checkpoint import has_checkpoint, load_checkpoint
from tsumami.training.loops.data import LoopData, loop_data
from tsumami.training.loops.examples import centroid_octaves
from tsumami.training.loops.features import features_of_loops, features_of_weights
from tsumami.training.loops.loop_set import SAMPLE_RATE, Sequenced, sequence
from tsumami.training.loops.metrics import (
    bins_apart,
    density_and_coverage,
    memorised,
    middle_distance,
    vendi,
)
from tsumami.training.loops.paper import NAME, PaperRun
from tsumami.training.loops.run import Run, find_runs
from tsumami.training.loops.schedule import SCHEDULES

Array = npt.NDArray[np.float32]

TESTED: Final = 100
"""Loops of each kind that are not learned from, and that are made by each generator, for the same wishes."""
TIMED: Final = 20
_BPM: Final = 120.0


@dataclass(frozen=True, slots=True)
class Row:
    """One generator's loops, or the true ones, against what was learned from and what was not."""

    label: str
    run: Run | None
    features: Array
    memorised: float
    bins_apart: float
    divergence_bits: float
    density: float
    coverage: float
    vendi: float
    steered: tuple[float, float]
    """Correlation of the wished with the made: density and brightness."""
    seam: float
    seams_held: float
    """See `seam`."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All rows, the true loops first, and how long a two-second loop takes, in ms, on one thread."""

    data: LoopData
    learned: Array
    rows: list[Row]
    weights: Array
    """Of the last row's loops."""
    loop_ms: float
    paper: PaperRun | None


def evaluate(folder: Path, place: Path, on_step: Callable[[str], object] = lambda _: None) -> Evaluation:
    """Put every run at or under ``place`` to the test. Raises `ModelError` or `SoundError`."""
    runs = find_runs(place)
    on_step("sequencing loops")
    data = loop_data(folder, SCHEDULES[runs[0].budget], runs[0].seed)
    tested = sequence(folder, "test", min(TESTED, 4 * SCHEDULES[runs[0].budget].each), runs[0].seed)
    judge = _Judge(data, tested)
    rows = [judge.true(), judge.heard()]
    for run in runs:
        on_step(f"listening to {run.name}")
        rows.append(judge.row(run))
    papers = [path.parent for path in place.rglob(NAME) if has_checkpoint(path)]
    paper = PaperRun(load_checkpoint(papers[0] / NAME, "loops")) if papers else None
    return Evaluation(data, judge.learned, rows, judge.weights(runs[-1]), judge.loop_ms(runs[-1]), paper)


class _Judge:
    """Holds what every row is compared with."""

    def __init__(self, data: LoopData, tested: list[Sequenced]) -> None:
        self._data, self._tested = data, tested
        self.learned = features_of_loops(data.loops)
        self._true = features_of_loops(tested)
        self._scale = middle_distance(self._true)
        self._wishes = _wishes_of(data, tested)
        self._apart = _independent(self._wishes)

    def true(self) -> Row:
        """The tested loops themselves."""
        return self._plain("true loops", self._tested)

    def heard(self) -> Row:
        """Some of the learned loops: as near to the tested ones as what was heard is."""
        number = len(self._tested) // len(KINDS)
        some = [
            loop
            for kind in KINDS
            for loop in [known for known in self._data.loops if known.pattern.kind == kind][:number]
        ]
        return self._plain("learned loops", some)

    def _plain(self, label: str, loops: list[Sequenced]) -> Row:
        sounds = [loop.audio(SAMPLE_RATE, _BPM) for loop in loops]
        return self._judged(label, None, features_of_loops(loops), seam(sounds), (1.0, 1.0))

    def row(self, run: Run) -> Row:
        """One generator's loops for the wishes that the tested loops fulfil."""
        weights = self.weights(run)
        features = features_of_weights(weights, self._data.basis)
        return self._judged(run.name, run, features, seam(self._loops(weights)), self._steered(run))

    def weights(self, run: Run) -> Array:
        """Of the loops that a generator makes for these wishes."""
        return run.weights(self._wishes, seed=0)

    def _judged(
        self,
        label: str,
        run: Run | None,
        features: Array,
        seams: tuple[float, float],
        steered: tuple[float, float],
    ) -> Row:
        apart, divergence = bins_apart(features, self.learned)
        density, coverage = density_and_coverage(features, self._true)
        return Row(
            label,
            run,
            features,
            memorised(features, self.learned),
            apart,
            divergence,
            density,
            coverage,
            vendi(features, self._scale),
            steered,
            *seams,
        )

    def _loops(self, weights: Array) -> list[Array]:
        return [assemble(self._data.basis.sounds(some), SAMPLE_RATE, _BPM, SAMPLE_RATE) for some in weights]

    def _steered(self, run: Run) -> tuple[float, float]:
        """Within each kind, and their mean: kinds differ by themselves."""
        weights = run.weights(self._apart, seed=1)
        densities = weights[:, -1].mean(axis=1)
        brightnesses = np.array([centroid_octaves(loop) for loop in self._loops(weights)])
        found: list[list[float]] = [[], []]
        for number in range(len(KINDS)):
            own = self._apart[:, number] == 1.0
            for place, made in enumerate((densities, brightnesses)):
                wished = self._apart[own, WISHES - 2 + place]
                found[place].append(_correlation(wished, made[own]))
        return float(np.mean(found[0])), float(np.mean(found[1]))

    def loop_ms(self, run: Run) -> float:
        """The middle time from a wish to the sound of a loop of two seconds, as the engine makes it."""
        from tsumami.engine.loops.generator import LoopGenerator
        from tsumami.engine.loops.wishes import Wish
        from tsumami.training.loops.export import export_run

        content, _ = export_run(run, self._data)
        generator, times = LoopGenerator(content), []
        for seed in range(TIMED):
            began = time.perf_counter()
            generator.loop(seed, Wish(bpm=120.0), sample_rate=48_000)
            times.append(time.perf_counter() - began)
        return float(1e3 * np.median(times))


def _wishes_of(data: LoopData, loops: list[Sequenced]) -> Array:
    from tsumami.training.loops.basis import wish_of

    places = [data.brightness.place(loop.pattern.kind, loop.audio()) for loop in loops]
    pairs = zip(loops, places, strict=True)
    return np.stack([wish_of(loop, min(place, 1.0)).numbers() for loop, place in pairs])


def _independent(wishes: Array) -> Array:
    """The same wishes within each kind, but each number by itself in another order.

    In true loops what is dense may be bright as well; here one wish cannot stand in for another.
    """
    rng, apart = np.random.default_rng(0), wishes.copy()
    for number in range(len(KINDS)):
        own = np.flatnonzero(wishes[:, number] == 1.0)
        for column in range(len(KINDS), WISHES):
            apart[own, column] = wishes[rng.permutation(own), column]
    return apart


def seam(loops: Sequence[Array]) -> tuple[float, float]:
    """The step from a loop's last sample to its first, against those at the other sixteenths.

    Of those the 95th percentile counts: sounds begin there too. Returned are the middle one in units of it,
    and the share of loops that go no further: where the seam is a step like any other, 95 %.
    """
    over, within = [], []
    for loop in loops:
        begins = np.rint(np.arange(1, STEPS) * len(loop) / STEPS).astype(int)
        over.append(abs(float(loop[0] - loop[-1])))
        within += np.abs(loop[begins] - loop[begins - 1]).tolist()
    most = max(float(np.percentile(within, 95)), 1e-9)
    return float(np.median(over) / most), float((np.array(over) <= most).mean())


def _correlation(first: Any, second: Any) -> float:
    if np.std(first) < 1e-9 or np.std(second) < 1e-9:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])
