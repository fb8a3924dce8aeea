"""Held-out tunes predicted, as the paper runs it: clean frames in, missing ones out, SDR of magnitudes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tsumami.engine.errors import ModelError
from tsumami.training.checkpoint import FILE
from tsumami.training.restoration.methods import GIVEN, Method, methods_of
from tsumami.training.restoration.metrics import BANDS_HZ, band_sdr_db, sdr_db
from tsumami.training.restoration.run import Run, load_run
from tsumami.training.restoration.tunes import Tune, fold_of
from tsumami.training.restoration.windows import inner

Step = Callable[[str], object]
"""Told what is being done."""

Runs = dict[tuple[str, str], Run]
"""By held-out tune and model."""

_NOTHING: Final = (None,) * (1 + len(BANDS_HZ))


@dataclass(frozen=True, slots=True)
class Score:
    """SDR in dB, of everything and of each of `tsumami.training.restoration.metrics.BANDS_HZ`."""

    overall: float | None
    bands: tuple[float | None, ...]

    @property
    def figures(self) -> tuple[float | None, ...]:
        """All of them in a row."""
        return (self.overall, *self.bands)


@dataclass(frozen=True, slots=True)
class Row:
    """One method's scores by held-out tune."""

    name: str
    scores: Mapping[str, Score]

    def mean(self, tunes: Sequence[Tune]) -> Score:
        """The mean over ``tunes`` of every figure; None where one of them has none."""
        columns = zip(*(self._figures(tune) for tune in tunes), strict=True)
        overall, *bands = (_mean(column) for column in columns)
        return Score(overall, tuple(bands))

    def _figures(self, tune: Tune) -> tuple[float | None, ...]:
        return self.scores[tune.name].figures if tune.name in self.scores else _NOTHING


@dataclass(frozen=True, slots=True)
class Evaluation:
    """``tunes`` are those that were held out, ``methods`` what answered for each, ``runs`` what was loaded.

    ``strangers`` are folders of runs that are of other data.
    """

    tunes: tuple[Tune, ...]
    rows: tuple[Row, ...]
    methods: Mapping[str, Sequence[Method]]
    runs: tuple[Run, ...]
    strangers: tuple[Path, ...]


def evaluate(tunes: Sequence[Tune], place: Path | None, on_step: Step = lambda _text: None) -> Evaluation:
    """Put every run at or under ``place`` to the tune that it has not heard, and baselines beside it.

    With ``place`` None the baselines alone are put to every tune. Raises `ModelError` when there are no runs,
    none of these tunes, or two of one model and tune.
    """
    runs, strangers = ({}, ()) if place is None else _find_runs(place, tunes)
    held_out = [tune for tune in tunes if place is None or any(name == tune.name for name, _ in runs)]
    methods = {
        tune.name: tuple(methods_of({model: run for (name, model), run in runs.items() if name == tune.name}))
        for tune in held_out
    }
    scores: dict[str, dict[str, Score]] = {}
    for tune in held_out:
        true = inner(tune.magnitudes)
        for method in methods[tune.name]:
            on_step(f"{method.name} predicts {tune.name}")
            predicted = method.predict(tune.magnitudes)
            score = Score(sdr_db(true, predicted), band_sdr_db(true, predicted))
            scores.setdefault(method.name, {})[tune.name] = score
    rows = tuple(Row(name, scores[name]) for name in GIVEN if name in scores)
    return Evaluation(tuple(held_out), rows, methods, tuple(runs.values()), strangers)


def _find_runs(place: Path, tunes: Sequence[Tune]) -> tuple[Runs, tuple[Path, ...]]:
    folders = sorted(path.parent for path in place.rglob(FILE))
    if not folders:
        raise ModelError(
            "runs must be a folder with runs of tsumami train restoration at or under it, "
            f"got {place} without one"
        )
    hashes = {tune.name: fold_of(tunes, tune.name).hash for tune in tunes}
    runs: Runs = {}
    strangers = []
    for folder in folders:
        run = load_run(folder)
        key = (run.held_out, run.name)
        if key in runs:
            raise ModelError(
                f"runs must be one for each model and tune, got another of {run.name} in {folder}"
            )
        if hashes.get(run.held_out) == run.data_hash:
            runs[key] = run
        else:
            strangers.append(folder)
    if not runs:
        raise ModelError(f"runs must be trained on the tunes of the data, got others in {strangers[0]}")
    return runs, tuple(strangers)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if len(known) == len(values) else None
