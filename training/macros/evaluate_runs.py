"""Trained runs put to the corpora that they were trained on, one evaluation for each list of parameters."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tsumami.engine.errors import ModelError
from tsumami.training.checkpoint import has_checkpoint
from tsumami.training.macros.corpus import Corpus, open_corpus
from tsumami.training.macros.evaluate import Evaluation, evaluate
from tsumami.training.macros.evaluation_sounds import read_other_sounds
from tsumami.training.macros.models import MODELS, SYNTHESIZER
from tsumami.training.macros.run import Run, load_run

Step = Callable[[str], object]
"""Told what is being done."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An evaluation for each list, and the folders of runs that none of the lists' corpora is of."""

    evaluations: tuple[Evaluation, ...]
    strangers: tuple[Path, ...]


def evaluate_runs(
    data: Path,
    lists: Sequence[str],
    place: Path | None,
    *,
    others: Sequence[Path] = (),
    workers: int | None = None,
    on_step: Step = lambda _text: None,
) -> Outcome:
    """Evaluate the runs at or under ``place`` (baselines alone when it is None) on a data set of renders.

    ``lists`` are lists of parameters (`tsumami.plugins.presets.parameter_lists`); a run belongs to the one
    that it was trained with. ``others`` are folders of recordings or data sets of other instruments, which
    the models are put to as well. Raises `ModelError` when ``place`` has runs, but none of these corpora.
    """
    corpora = [_open(data, choice, workers, on_step) for choice in lists]
    runs = {} if place is None else {folder: load_run(folder) for folder in find_runs(place)}
    known = {corpus.hash for corpus in corpora}
    strangers = tuple(folder for folder, run in runs.items() if run.corpus_hash not in known)
    if place is not None and len(strangers) == len(runs):
        raise ModelError(
            f"runs must be trained on {data} with {' or '.join(lists)} parameters, "
            f"got {strangers[0]} trained on something else"
        )
    evaluations = [_evaluate(corpus, runs.values(), others, workers, on_step) for corpus in corpora]
    return Outcome(tuple(evaluations), strangers)


def find_runs(place: Path) -> list[Path]:
    """Folders of runs at or under a place, sorted, without what is kept for them beside the data.

    Raises `ModelError` when there are none.
    """
    folders = [place, *(path for path in place.rglob("*") if path.is_dir())]
    runs = (folder for folder in folders if not folder.name.startswith(SYNTHESIZER))
    found = sorted(filter(has_checkpoint, runs))
    if not found:
        raise ModelError(
            f"runs must be a folder with runs of tsumami train macros at or under it, got {place} without one"
        )
    return found


def _open(data: Path, choice: str, workers: int | None, on_step: Step) -> Corpus:
    def told(done: int, total: int) -> None:
        on_step(f"presets with {choice} parameters: {done:,} of {total:,} rendered")

    return open_corpus(data, choice, workers=workers, progress=told)


def _evaluate(
    corpus: Corpus, runs: Iterable[Run], others: Sequence[Path], workers: int | None, on_step: Step
) -> Evaluation:
    """The corpus's own runs in the order of `MODELS`."""

    def told(row: str) -> None:
        on_step(f"{len(corpus.parameters)} parameters: rendering what the {row} answers")

    own = sorted((run for run in runs if run.corpus_hash == corpus.hash), key=_place)
    if others:
        on_step("listening to other sounds")
    sounds = [read_other_sounds(place, corpus) for place in others]
    return evaluate(corpus, own, others=sounds, workers=workers, on_row=told)


def _place(run: Run) -> int:
    return list(MODELS).index(run.name)
