"""The training of restoration's models, which can be stopped at any epoch and gone on with.

The loss is the mean squared error of the 30 inner frames of a window, which both of the paper's algorithms
add up, and Adam minimises it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from tsumami.engine.errors import ModelError
from tsumami.training.checkpoint import has_checkpoint
from tsumami.training.progress import watch
from tsumami.training.restoration.batches import training_and_validation
from tsumami.training.restoration.models import GATES, PARENTS, make_model
from tsumami.training.restoration.predictor import Predictor
from tsumami.training.restoration.run import Run, load_run, stored_run
from tsumami.training.restoration.schedule import SCHEDULES, Schedule
from tsumami.training.restoration.tunes import Fold
from tsumami.training.restoration.windows import CONTEXT
from tsumami.training.training_state import Figures, TrainingState

_LARGEST_GRADIENT: Final = 1.0


def fit(
    fold: Fold,
    model: str,
    place: Path,
    *,
    budget: str = "small",
    seed: int = 1,
    command: str = "",
    stop_after: int | None = None,
) -> Run:
    """Train ``model`` on ``fold``, keeping in its folder what it takes to go on; go on if it is there.

    Its folder is `folder_of` the fold and the model in ``place``. ``stop_after`` ends this call after that
    many epochs, as a kill would. Raises `ModelError` when the folder holds another training, or when those
    that a gate chooses between have none.
    """
    schedule = SCHEDULES[budget]
    torch.set_num_threads(schedule.threads)
    training = Training(fold, model, place, schedule, seed, command)
    watch(f"{model} without {fold.held_out.name}", training.most_epochs, training.epochs(), stop_after)
    return training.run()


def folder_of(place: Path, held_out: str, model: str) -> Path:
    """Where a run is kept."""
    return place / held_out / model


class Training:
    """One model on its way."""

    def __init__(
        self, fold: Fold, model: str, place: Path, schedule: Schedule, seed: int, command: str = ""
    ) -> None:
        self._schedule, self._seed = schedule, seed
        self.most_epochs = schedule.gate_epochs if model in GATES else schedule.epochs
        """At the last of them the training is over."""
        self._folder = folder_of(place, fold.held_out.name, model)
        parents = _parents(fold, place) if model in GATES else {}
        facts = {
            "model": model,
            "held_out": fold.held_out.name,
            "data_hash": fold.hash,
            "schedule": asdict(schedule),
            "seed": seed,
            "parents": {name: _hash(run.model) for name, run in parents.items()},
            "command": command,
        }
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._train, self._valid = training_and_validation(fold.train, device)
        torch.manual_seed(seed)
        self._model = make_model(model, schedule.shape).to(device)
        for name, run in zip(("time", "frequency"), parents.values(), strict=False):
            self._model.get_submodule(name).load_state_dict(run.model.state_dict())
        learned = [parameter for parameter in self._model.parameters() if parameter.requires_grad]
        self._optimiser = torch.optim.Adam(learned, lr=schedule.rate)
        self._rate = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimiser, self.most_epochs)
        self._state = TrainingState(self._folder, facts, self._model, self._optimiser, self._rate)
        if self._state.is_begun:
            self._state.resume(stored_run(self._folder))

    def epochs(self) -> Iterator[tuple[int, Figures]]:
        """Train on; yields each epoch's number, from 1, and the mean squared errors of its end."""
        return self._state.epochs(
            self._seed, self._train_epoch, self._validate, lambda: self._state.epoch >= self.most_epochs
        )

    def run(self) -> Run:
        """The model of the best epoch so far."""
        self._state.save()
        return load_run(self._folder)

    def _train_epoch(self) -> Figures:
        total, count = 0.0, 0
        for windows in self._train.draw(self._schedule.windows, self._schedule.batch):
            loss = _loss(self._model, windows)
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self._model.parameters(), _LARGEST_GRADIENT)
            self._optimiser.step()
            total, count = total + float(loss.detach()) * len(windows), count + len(windows)
        self._rate.step()
        return {"MSE": total / count}

    def _validate(self) -> Figures:
        total = sum(
            float(_loss(self._model, windows)) * len(windows)
            for windows in self._valid.all(self._schedule.batch)
        )
        return {"validation MSE": total / len(self._valid)}


def _loss(model: Predictor, windows: Tensor) -> Tensor:
    return nn.functional.mse_loss(model(windows), windows[:, CONTEXT:-CONTEXT])


def _parents(fold: Fold, place: Path) -> dict[str, Run]:
    """The runs of the same fold that a gate chooses between."""
    folders = {name: folder_of(place, fold.held_out.name, name) for name in PARENTS}
    for name, folder in folders.items():
        if not has_checkpoint(folder):
            raise ModelError(
                f"{' and '.join(PARENTS)} must be trained before a gate, got no {name} in {folder}"
            )
    return {name: load_run(folder) for name, folder in folders.items()}


def _hash(model: Predictor) -> str:
    digest = hashlib.sha256()
    for tensor in model.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()
