"""The one training of synth control, which can be stopped at any epoch and gone on with."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from tsumami.plugins.match.mel import OFFSET
from tsumami.training.checkpoint import Weights, check_same_training, has_checkpoint, load_checkpoint
from tsumami.training.macros.choices import choices_of
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.flow_synth import FlowSynth
from tsumami.training.macros.head_models import HasHeads
from tsumami.training.macros.heads import ChoiceTable
from tsumami.training.macros.labels import Labeller
from tsumami.training.macros.models import SYNTHESIZER, make_learner, model_class
from tsumami.training.macros.run import SYSTEM, Run
from tsumami.training.macros.schedule import SCHEDULES, Schedule
from tsumami.training.macros.sounds import Sounds, join
from tsumami.training.macros.synth_model import Batch, Shape
from tsumami.training.macros.variations import variations
from tsumami.training.progress import counting, watch
from tsumami.training.training_state import Figures, TrainingState

_STOP_AFTER: Final = 4
"""Training ends after so many times the patience without an improvement."""
_LARGEST_GRADIENT: Final = 5.0


def fit(
    corpus: Corpus,
    model: str,
    folder: Path,
    *,
    budget: str = "small",
    seed: int = 1,
    command: str = "",
    stop_after: int | None = None,
) -> Run:
    """Train ``model`` on ``corpus``, keeping in ``folder`` what it takes to go on; go on if it is there.

    ``stop_after`` ends this call after that many epochs, as a kill would. Raises `ModelError` when the folder
    holds another training, `ParameterError` when the model has heads for choices and no parameter has any.
    """
    schedule = SCHEDULES[budget]
    torch.set_num_threads(schedule.threads)
    _check_folder(folder, corpus, model)
    choices = _choice_counts(corpus, model)
    more = _more(corpus, schedule.variations)
    synthesizer = None
    if issubclass(model_class(model), FlowSynth):
        synthesizer = _learn_synthesizer(corpus, more, schedule, seed)
    training = Training(corpus, more, model, choices, schedule, seed, folder, command, synthesizer)
    watch(model, schedule.epochs, training.epochs(), stop_after)
    return training.run()


def _learn_synthesizer(corpus: Corpus, more: Sounds | None, schedule: Schedule, seed: int) -> Weights:
    """The weights of a `SYNTHESIZER`; trained once, and kept beside the data."""
    folder = corpus.folder / f"{SYNTHESIZER}-{corpus.hash}-{schedule.name}-{seed}"
    training = Training(corpus, more, SYNTHESIZER, (), schedule, seed, folder)
    watch(SYNTHESIZER, schedule.epochs, training.epochs())
    return training.best


class Training:
    """One model on its way."""

    def __init__(
        self,
        corpus: Corpus,
        more: Sounds | None,
        model: str,
        choices: tuple[int, ...],
        schedule: Schedule,
        seed: int,
        folder: Path,
        command: str = "",
        synthesizer: Weights | None = None,
    ) -> None:
        self._schedule, self._seed, self._folder = schedule, seed, folder
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        labeller = Labeller.of(corpus.train)
        shape = Shape(
            len(corpus.parameters),
            len(labeller.pairs),
            schedule.units,
            schedule.channels,
            schedule.steps,
            schedule.hidden,
            choices,
        )
        logarithm = np.log(corpus.train.mel + OFFSET)
        self._facts: dict[str, Any] = {
            "model": model,
            "shape": asdict(shape),
            "parameters": corpus.parameters,
            "pairs": labeller.pairs,
            "instrument": corpus.name,
            "corpus_hash": corpus.hash,
            "mean": float(logarithm.mean()),
            "deviation": float(logarithm.std()),
            "schedule": asdict(schedule),
            "seed": seed,
            "command": command,
        }
        self._train = self._batch(corpus.train if more is None else join([corpus.train, more]), labeller)
        self._valid = self._batch(corpus.valid, labeller)
        torch.manual_seed(seed)
        self._model = make_learner(model, shape).to(self._device)
        decay = self._model.weight_decay
        self._optimiser = torch.optim.AdamW(self._model.parameters(), lr=schedule.rate, weight_decay=decay)
        self._rate = _rate(self._optimiser, schedule)
        is_begun = has_checkpoint(folder)
        if not is_begun:
            self._begin(synthesizer)
        self._state = TrainingState(folder, self._facts, self._model, self._optimiser, self._rate)
        if is_begun:
            self._state.resume(_stored(folder))

    def epochs(self) -> Iterator[tuple[int, Figures]]:
        """Train on; yields each epoch's number, from 1, and its losses with the validation's MSEn."""
        return self._state.epochs(self._seed, self._train_epoch, self._validate, self._is_over)

    def run(self) -> Run:
        """The model of the best epoch so far."""
        self._state.save()
        return Run(load_checkpoint(self._folder, SYSTEM))

    @property
    def best(self) -> Weights:
        """The weights of the best epoch so far."""
        return self._state.best

    def _is_over(self) -> bool:
        epoch = self._state.epoch
        stalled = 0 if self._schedule.falls else epoch - self._state.best_epoch
        return epoch >= self._schedule.epochs or stalled >= _STOP_AFTER * self._schedule.patience

    def _train_epoch(self) -> Figures:
        """The mean of each term over one pass."""
        count = len(self._train.x)
        size = min(self._schedule.batch, count)
        order = torch.split(torch.randperm(count)[: count - count % size], size)
        sums: dict[str, float] = {}
        for rows in order:
            terms = self._model.loss(_rows(self._train, rows), self._state.epoch / self._schedule.epochs)
            self._optimiser.zero_grad()
            terms["total"].backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self._model.parameters(), _LARGEST_GRADIENT)
            self._optimiser.step()
            for name, term in terms.items():
                sums[name] = sums.get(name, 0.0) + float(term.detach())
        return {name: value / len(order) for name, value in sums.items()}

    def _validate(self) -> Figures:
        """The model's own figures, of which the first decides."""
        figures = self._model.validate(self._valid)
        self._rate.step(*([] if self._schedule.falls else [next(iter(figures.values()))]))
        return figures

    def _batch(self, sounds: Sounds, labeller: Labeller) -> Batch:
        x = (np.log(sounds.mel + OFFSET) - self._facts["mean"]) / self._facts["deviation"]
        arrays = (x.astype(np.float32), sounds.values, labeller.labels(sounds))
        return Batch(*(torch.from_numpy(array).to(self._device) for array in arrays))

    def _begin(self, synthesizer: Weights | None) -> None:
        """Let the model look at the sounds; ``synthesizer`` is what a Flow_synth listens with."""
        self._model.prepare(self._train.x, self._facts["deviation"])
        if isinstance(self._model, FlowSynth) and synthesizer is not None:
            self._model.synthesizer.load_state_dict(synthesizer)


def _stored(folder: Path) -> dict[str, Any]:
    """What the folder holds; an older run lacks what has a default by now."""
    stored = load_checkpoint(folder, SYSTEM)
    return stored | {"shape": asdict(Shape(**stored["shape"]))}


def _check_folder(folder: Path, corpus: Corpus, model: str) -> None:
    """Refuse what is plainly another training before any variation is rendered for it."""
    if not has_checkpoint(folder):
        return
    wanted = {"instrument": corpus.name, "model": model, "corpus_hash": corpus.hash}
    check_same_training(folder, load_checkpoint(folder, SYSTEM), wanted)


def _choice_counts(corpus: Corpus, model: str) -> tuple[int, ...]:
    """How many choices each parameter has; none of them where the model takes all as continuous."""
    if not issubclass(model_class(model), HasHeads):
        return ()
    counts = tuple(map(len, choices_of(corpus.instrument, corpus.name, corpus.parameters)))
    ChoiceTable(counts)  # raises where none or all are discrete
    return counts


def _rate(optimiser: torch.optim.Optimizer, schedule: Schedule) -> Any:
    if schedule.falls:
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, schedule.epochs)
    return torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.5, patience=schedule.patience)


def _more(corpus: Corpus, count: int) -> Sounds | None:
    if not count:
        return None
    with counting("variations") as show:
        return variations(corpus, count, progress=show)


def _rows(whole: Batch, rows: Tensor) -> Batch:
    rows = rows.to(whole.x.device)
    return Batch(whole.x[rows], whole.values[rows], whole.labels[rows])
