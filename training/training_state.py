"""A training that can be stopped at any epoch and gone on with: what it keeps, and the loop that keeps it."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from tsumami.training.checkpoint import (
    check_same_training,
    has_checkpoint,
    make_folder,
    save_checkpoint,
    weights_of,
)

Figures = dict[str, float]

_MOST_EPOCHS: Final = 1_000_000


class TrainingState:
    """A model on its way in ``folder``, with the weights of its best epoch so far.

    ``facts`` say which training it is; all but the command must be those of what the folder holds.
    ``rate`` is a scheduler of torch's for ``optimiser``.
    """

    def __init__(
        self,
        folder: Path,
        facts: Mapping[str, Any],
        model: nn.Module,
        optimiser: torch.optim.Optimizer,
        rate: Any,
    ) -> None:
        self._folder, self._facts = folder, dict(facts)
        self._model, self._optimiser, self._rate = model, optimiser, rate
        self.epoch = self.best_epoch = 0
        self.best = weights_of(model)
        self._best_figures: Figures = {}

    @property
    def is_begun(self) -> bool:
        """Whether the folder holds a training to go on with."""
        return has_checkpoint(self._folder)

    def resume(self, stored: Mapping[str, Any]) -> None:
        """Take up what was ``stored``; raises `ModelError` if it is of another training."""
        check_same_training(self._folder, stored, {**self._facts, "command": stored["command"]})
        self._model.load_state_dict(stored["state"])
        self._optimiser.load_state_dict(stored["optimiser"])
        self._rate.load_state_dict(stored["rate"])
        self.best, self._best_figures = stored["best"], stored["best_figures"]
        self.epoch, self.best_epoch = stored["epoch"], stored["best_epoch"]

    def save(self) -> None:
        """Write the folder's checkpoint."""
        save_checkpoint(
            self._folder,
            {
                **self._facts,
                "state": self._model.state_dict(),
                "best": self.best,
                "optimiser": self._optimiser.state_dict(),
                "rate": self._rate.state_dict(),
                "epoch": self.epoch,
                "best_epoch": self.best_epoch,
                "best_figures": self._best_figures,
            },
        )

    def epochs(
        self,
        seed: int,
        train: Callable[[], Figures],
        validate: Callable[[], Figures],
        is_over: Callable[[], bool],
    ) -> Iterator[tuple[int, Figures]]:
        """Train on, epoch after epoch, until it ``is_over``; yields each one's number, from 1, and figures.

        The first figure of ``validate`` is the less the better. Every epoch draws from random numbers of its
        own, so what a resumed training does is what an uninterrupted one would have done, bit for bit as far
        as torch repeats itself on the machine. TensorBoard reads the same folder.
        """
        if is_over():
            return
        from torch.utils.tensorboard import SummaryWriter

        make_folder(self._folder)
        with contextlib.closing(SummaryWriter(str(self._folder))) as board:
            while not is_over():
                torch.manual_seed(seed * _MOST_EPOCHS + self.epoch)
                self._model.train()
                figures = train()
                self._model.eval()
                with torch.inference_mode():
                    judged = validate()
                self.epoch += 1
                self._keep_best(judged)
                self.save()
                for name, value in (figures | judged).items():
                    board.add_scalar(name, value, self.epoch)
                board.add_scalar("learning rate", self._optimiser.param_groups[0]["lr"], self.epoch)
                yield self.epoch, figures | judged

    def _keep_best(self, judged: Figures) -> None:
        if not self._best_figures or _score(judged) < _score(self._best_figures):
            self._best_figures, self.best_epoch, self.best = judged, self.epoch, weights_of(self._model)


def _score(judged: Figures) -> float:
    return next(iter(judged.values()))
