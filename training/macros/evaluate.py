"""Held-out sounds put to models and baselines; the instrument plays their answers, which are then measured.

The first row is the render floor: the held-out presets themselves, rendered once more.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import ModelError
from tsumami.plugins.match.mel import mel_power
from tsumami.training.macros.baselines import MeanPreset, NearestPreset, Predictor
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.metrics import (
    Distances,
    Summary,
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
    ``predictor`` is what answered, None of the floor.
    """

    name: str
    kind: Kind
    values: Values
    mel: Values
    distances: dict[str, Distances]
    summaries: dict[str, Summary]
    predictor: Predictor | None

    @property
    def silent(self) -> int:
        """How many answers make no sound at all."""
        return int(np.count_nonzero(~self.mel.any(axis=(1, 2))))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All rows for one corpus: the floor first, then baselines, then models."""

    corpus: Corpus
    quiet: npt.NDArray[np.bool_]
    """Which held-out sounds are quiet, bool ``[n]``; see `tsumami.training.macros.metrics.QUIET_DB`."""
    rows: tuple[Answers, ...]

    def row(self, name: str) -> Answers:
        """The row of a name, `KeyError` without one."""
        return {row.name: row for row in self.rows}[name]

    @property
    def models(self) -> tuple[Answers, ...]:
        """Rows of models, the lowest median SC first."""
        rows = [row for row in self.rows if row.kind == "model"]
        return tuple(sorted(rows, key=lambda row: row.summaries["SC"].median))


def evaluate(
    corpus: Corpus,
    models: Iterable[Predictor],
    *,
    workers: int | None = None,
    on_row: Callable[[str], object] = lambda _name: None,
) -> Evaluation:
    """Put the corpus's held-out sounds to the baselines and ``models``; ``on_row`` hears each name first.

    Answers are rendered by ``workers`` processes, one a core by default.
    Raises `ModelError` for a model that answers with anything but a finite position for every parameter.
    """
    train, test = corpus.train, corpus.test
    baselines: list[Predictor] = [MeanPreset(train.values), NearestPreset(train.mel, train.values)]
    on_row(FLOOR)
    rows = [_measured(corpus, FLOOR, "floor", test.values, None, workers)]
    kinds: list[tuple[Kind, Iterable[Predictor]]] = [("baseline", baselines), ("model", models)]
    for kind, predictors in kinds:
        for predictor in predictors:
            on_row(predictor.name)
            values = predictor.predict(test.mel)
            rows.append(_measured(corpus, predictor.name, kind, values, predictor, workers))
    return Evaluation(corpus, is_quiet(test.mel), tuple(rows))


def _measured(
    corpus: Corpus, name: str, kind: Kind, values: Values, predictor: Predictor | None, workers: int | None
) -> Answers:
    wanted = corpus.test.values.shape
    if values.shape != wanted or not np.isfinite(values).all():
        raise ModelError(f"model must answer with {wanted} finite positions, got other ones of {name}")
    answered = np.clip(values, 0.0, 1.0)
    mel = render_mel(corpus, answered, workers)
    distances = sound_distances(corpus.test.mel, mel)
    distances["MSEn"] = parameter_error(corpus.test.values, answered)
    summaries = {metric: summarise(found) for metric, found in distances.items()}
    return Answers(name, kind, answered, mel, distances, summaries, predictor)


def render_mel(corpus: Corpus, values: Values, workers: int | None = None) -> Values:
    """Linear mels ``[n, bands, frames]`` of patches ``[n, parameters]``; equal ones are played once."""
    patches, rows = np.unique(values, axis=0, return_inverse=True)
    return np.stack([mel_power(sound) for sound in corpus.render(patches, workers)])[rows]
