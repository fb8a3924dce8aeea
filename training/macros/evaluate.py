"""Held-out sounds put to models and baselines; the instrument plays their answers, which are then measured.

The first row is the render floor: the held-out presets themselves, rendered once more.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ModelError
from tsumami.plugins.match.mel import mel_power
from tsumami.training.macros.baselines import MeanPreset, NearestPreset, NearestPresetBySc, Predictor
from tsumami.training.macros.choices import choices_of
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.evaluation_sounds import OtherSounds
from tsumami.training.macros.metrics import (
    METRICS,
    Distances,
    Metric,
    Summary,
    choice_accuracy,
    is_quiet,
    parameter_error,
    sound_distances,
    summarise,
)

Values = npt.NDArray[np.float32]
Kind = Literal["floor", "baseline", "model"]

FLOOR: Final = "render floor"


@dataclass(frozen=True, slots=True)
class Answers:
    """One row of the table: parameters ``[n, parameters]``, their mels ``[n, bands, frames]``, how far off.

    ``distances`` has float64 ``[n]`` by the name of every metric, ``summaries`` what they come to.
    ``accuracy`` is the share of discrete parameters whose choice is right, None where none is discrete.
    ``predictor`` is what answered, None of the floor.
    """

    name: str
    kind: Kind
    values: Values
    mel: Values
    distances: dict[str, Distances]
    summaries: dict[str, Summary]
    accuracy: float | None
    predictor: Predictor | None

    @property
    def silent(self) -> int:
        """How many answers make no sound at all."""
        return int(np.count_nonzero(~self.mel.any(axis=(1, 2))))


@dataclass(frozen=True)
class Judged:
    """Rows of a table over the same sounds: floor first, then baselines, then models."""

    quiet: npt.NDArray[np.bool_]
    """Which sounds are quiet, bool ``[n]``; see `tsumami.training.macros.metrics.QUIET_DB`."""
    rows: tuple[Answers, ...]

    def row(self, name: str) -> Answers:
        """The row of a name, `KeyError` without one."""
        return {row.name: row for row in self.rows}[name]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What can be measured of these sounds, in the order of the tables."""
        return tuple(metric for metric in METRICS if metric.name in self.rows[0].distances)

    @property
    def models(self) -> tuple[Answers, ...]:
        """Rows of models, the lowest median SC first."""
        rows = [row for row in self.rows if row.kind == "model"]
        return tuple(sorted(rows, key=lambda row: row.summaries["SC"].median))


@dataclass(frozen=True)
class JudgedSounds(Judged):
    """Rows over sounds that the instrument did not make: no parameters are right, so MSEn is missing.

    The floor is what the nearest presets sound like rendered once more.
    """

    sounds: OtherSounds


@dataclass(frozen=True)
class Evaluation(Judged):
    """All rows for one corpus: the floor first, then baselines, then models; ``others`` on other sounds."""

    corpus: Corpus
    others: tuple[JudgedSounds, ...] = ()


def evaluate(
    corpus: Corpus,
    models: Iterable[Predictor],
    *,
    others: Sequence[OtherSounds] = (),
    workers: int | None = None,
    on_row: Callable[[str], object] = lambda _name: None,
) -> Evaluation:
    """Put the corpus's held-out sounds, then ``others``, to the baselines and ``models``.

    ``on_row`` hears each name first. Answers are rendered by ``workers`` processes, one a core by default.
    Raises `ModelError` for a model that answers with anything but a finite position for every parameter.
    """
    train, test = corpus.train, corpus.test
    nearest = NearestPreset(train.mel, train.values)
    by_sc = NearestPresetBySc(train.mel, train.values)
    baselines: list[Predictor] = [MeanPreset(train.values), nearest, by_sc]
    kinds: list[tuple[Kind, Iterable[Predictor]]] = [("baseline", baselines), ("model", models)]
    predictors: list[tuple[Kind, Predictor]] = [(kind, one) for kind, several in kinds for one in several]
    counts = [len(row) for row in choices_of(corpus.instrument, corpus.name, corpus.parameters)]
    judge = _Judge(corpus, counts, workers, on_row)
    rows = judge.rows(test.mel, (test.mel, test.values), predictors, test.values)
    judged = tuple(_judge_others(judge, sounds, nearest, predictors) for sounds in others)
    return Evaluation(is_quiet(test.mel), rows, corpus, judged)


def _judge_others(
    judge: "_Judge", sounds: OtherSounds, nearest: NearestPreset, predictors: Sequence[tuple[Kind, Predictor]]
) -> JudgedSounds:
    train, closest = judge.corpus.train, nearest.rows(sounds.mel)
    rows = judge.rows(sounds.mel, (train.mel[closest], train.values[closest]), predictors)
    return JudgedSounds(is_quiet(sounds.mel), rows, sounds)


@dataclass(frozen=True, slots=True)
class _Judge:
    corpus: Corpus
    counts: Sequence[int]
    """Of each parameter's choices, 0 of a continuous one."""
    workers: int | None
    on_row: Callable[[str], object]

    def rows(
        self,
        mel: Values,
        known: tuple[Values, Values],
        predictors: Iterable[tuple[Kind, Predictor]],
        true: Values | None = None,
    ) -> tuple[Answers, ...]:
        """The floor, from renders and presets that are ``known``, and what is answered to ``mel``."""
        self.on_row(FLOOR)
        rows = [self._measured(FLOOR, "floor", known[0], known[1], true, None)]
        for kind, predictor in predictors:
            self.on_row(predictor.name)
            rows.append(self._measured(predictor.name, kind, mel, predictor.predict(mel), true, predictor))
        return tuple(rows)

    def _measured(
        self, name: str, kind: Kind, wanted: Values, values: Values, true: Values | None, by: Predictor | None
    ) -> Answers:
        shape = (len(wanted), len(self.corpus.parameters))
        if values.shape != shape or not np.isfinite(values).all():
            raise ModelError(f"model must answer with {shape} finite positions, got other ones of {name}")
        answered = np.clip(values, 0.0, 1.0)
        mel = render_mel(self.corpus, answered, self.workers)
        distances, accuracy = sound_distances(wanted, mel), None
        if true is not None:
            distances["MSEn"] = parameter_error(true, answered)
            accuracy = choice_accuracy(true, answered, self.counts)
        summaries = {metric: summarise(found) for metric, found in distances.items()}
        return Answers(name, kind, answered, mel, distances, summaries, accuracy, by)


def render_mel(corpus: Corpus, values: Values, workers: int | None = None) -> Values:
    """Linear mels ``[n, bands, frames]`` of patches ``[n, parameters]``; equal ones are played once."""
    patches, rows = np.unique(values, axis=0, return_inverse=True)
    return np.stack([mel_power(sound) for sound in corpus.render(patches, workers)])[rows]
