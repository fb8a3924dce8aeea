"""The one training loop of restoration, which can be stopped at any epoch and gone on with.

The loss is the mean squared error of the 30 inner frames of a window, which both of the paper's algorithms
add up, and Adam minimises it. Every epoch draws from random numbers of its own, so what a resumed training
does is what an uninterrupted one would have done.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from tsumami.engine.errors import ModelError
from tsumami.training.checkpoint import check_same_training, has_checkpoint, save_checkpoint, weights_of
from tsumami.training.progress import epochs
from tsumami.training.restoration.batches import training_and_validation
from tsumami.training.restoration.models import GATES, PARENTS, make_model
from tsumami.training.restoration.predictor import Predictor
from tsumami.training.restoration.run import Run, load_run, stored_run
from tsumami.training.restoration.schedule import SCHEDULES, Schedule
from tsumami.training.restoration.tunes import Fold
from tsumami.training.restoration.windows import CONTEXT

_LARGEST_GRADIENT: Final = 1.0
_MOST_EPOCHS: Final = 1_000_000


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
    with epochs(f"{model} without {fold.held_out.name}", training.most_epochs) as show:
        for number, (epoch, figures) in enumerate(training.epochs(), 1):
            show(epoch, figures)
            if number == stop_after:
                break
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
        self._facts: dict[str, Any] = {
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
        self._epoch = self._best_epoch = 0
        self._best, self._best_score = weights_of(self._model), float("inf")
        if has_checkpoint(self._folder):
            self._resume()

    def epochs(self) -> Iterator[tuple[int, dict[str, float]]]:
        """Train on; yields each epoch's number, from 1, and the mean squared errors of its end."""
        from torch.utils.tensorboard import SummaryWriter

        if self._epoch >= self.most_epochs:
            return
        with contextlib.closing(SummaryWriter(str(self._folder))) as board:
            while self._epoch < self.most_epochs:
                figures = {"MSE": self._train_epoch(), "validation MSE": self._validate()}
                self._epoch += 1
                self._keep_best(figures["validation MSE"])
                self._save()
                for name, value in figures.items():
                    board.add_scalar(name, value, self._epoch)
                board.add_scalar("learning rate", self._optimiser.param_groups[0]["lr"], self._epoch)
                yield self._epoch, figures

    def run(self) -> Run:
        """The model of the best epoch so far."""
        self._save()
        return load_run(self._folder)

    def _train_epoch(self) -> float:
        torch.manual_seed(self._seed * _MOST_EPOCHS + self._epoch)
        self._model.train()
        total, count = 0.0, 0
        for windows in self._train.draw(self._schedule.windows, self._schedule.batch):
            loss = _loss(self._model, windows)
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self._model.parameters(), _LARGEST_GRADIENT)
            self._optimiser.step()
            total, count = total + float(loss.detach()) * len(windows), count + len(windows)
        self._rate.step()
        return total / count

    @torch.inference_mode()
    def _validate(self) -> float:
        self._model.eval()
        total = sum(
            float(_loss(self._model, windows)) * len(windows)
            for windows in self._valid.all(self._schedule.batch)
        )
        return total / len(self._valid)

    def _keep_best(self, score: float) -> None:
        if score < self._best_score:
            self._best_score, self._best_epoch, self._best = score, self._epoch, weights_of(self._model)

    def _save(self) -> None:
        save_checkpoint(
            self._folder,
            {
                **self._facts,
                "state": self._model.state_dict(),
                "best": self._best,
                "optimiser": self._optimiser.state_dict(),
                "rate": self._rate.state_dict(),
                "epoch": self._epoch,
                "best_epoch": self._best_epoch,
                "best_score": self._best_score,
            },
        )

    def _resume(self) -> None:
        """Take up what the folder holds, if it is of this training."""
        stored = stored_run(self._folder)
        check_same_training(self._folder, stored, {**self._facts, "command": stored["command"]})
        self._model.load_state_dict(stored["state"])
        self._optimiser.load_state_dict(stored["optimiser"])
        self._rate.load_state_dict(stored["rate"])
        self._best = stored["best"]
        self._epoch, self._best_epoch = stored["epoch"], stored["best_epoch"]
        self._best_score = stored["best_score"]


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
