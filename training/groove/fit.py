"""The training of the groove paper's models, which can be stopped at any epoch and gone on with.

Adam maximises the ELBO (equation 4) of the beats learned from. The paper has no validation and neither has
this: the best epoch is the one with the best ELBO while it was learned, and the tested beats stay unseen.
"""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from tsumami.training.groove.beats import Section, cut, split
from tsumami.training.groove.lstm_vae import LstmVae
from tsumami.training.groove.noises import NOISES
from tsumami.training.groove.run import Run, load_run, stored_run
from tsumami.training.groove.schedule import SCHEDULES, Schedule
from tsumami.training.groove.variants import VARIANTS
from tsumami.training.progress import watch
from tsumami.training.training_state import Figures, TrainingState

_LARGEST_GRADIENT: Final = 1.0
_JUDGED: Final = "negative ELBO"


def fit(
    section: Section,
    name: str,
    place: Path,
    *,
    budget: str = "small",
    seed: int = 1,
    command: str = "",
    stop_after: int | None = None,
) -> Run:
    """Train a model of `VARIANTS` in its folder in ``place``; go on if it is there.

    ``stop_after`` ends this call after that many epochs, as a kill would. Raises `ModelError` when the
    folder holds another training.
    """
    schedule = SCHEDULES[budget]
    torch.set_num_threads(schedule.threads)
    training = Training(section, name, place / name, schedule, seed, command)
    watch(name, schedule.epochs, training.epochs(), stop_after)
    return training.run()


class Training:
    """One model on its way."""

    def __init__(
        self, section: Section, name: str, folder: Path, schedule: Schedule, seed: int, command: str = ""
    ) -> None:
        self._schedule, self._seed, self._folder = schedule, seed, folder
        self._variant = VARIANTS[name]
        facts = {
            "model": name,
            "piece": section.name,
            "data_hash": section.hash,
            "schedule": asdict(schedule),
            "seed": seed,
            "command": command,
        }
        beats = cut(section.performed)
        self._beats = beats[split(len(beats), seed)[0]]
        torch.manual_seed(seed)
        self._model = LstmVae(self._variant.components)
        self._optimiser = torch.optim.Adam(self._model.parameters(), lr=schedule.rate)
        self._rate = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimiser, schedule.epochs)
        self._state = TrainingState(folder, facts, self._model, self._optimiser, self._rate)
        self._figures: Figures = {}
        if self._state.is_begun:
            self._state.resume(stored_run(folder))

    def epochs(self) -> Iterator[tuple[int, Figures]]:
        """Train on; yields each epoch's number, from 1, and its figures."""
        return self._state.epochs(
            self._seed,
            self._train_epoch,
            lambda: self._figures,
            lambda: self._state.epoch >= self._schedule.epochs,
        )

    def run(self) -> Run:
        """The model of the best epoch so far."""
        self._state.save()
        return load_run(self._folder)

    def _train_epoch(self) -> Figures:
        order = torch.randperm(len(self._beats))
        rng = np.random.default_rng(int(torch.randint(1 << 31, (1,))))
        disturbed = torch.from_numpy(NOISES[self._variant.noise](self._beats, rng))
        clean = torch.from_numpy(self._beats)
        total = 0.0
        for some in torch.split(order, self._schedule.batch):
            loss = -self._model.elbo(disturbed[some], clean[some])
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self._model.parameters(), _LARGEST_GRADIENT)
            self._optimiser.step()
            total += float(loss.detach()) * len(some)
        self._rate.step()
        self._figures = {_JUDGED: total / len(order)}
        return {}
