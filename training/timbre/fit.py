"""The training of the paper's models, which can be stopped at any epoch and gone on with."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tsumami.training.checkpoint import load_checkpoint
from tsumami.training.progress import watch
from tsumami.training.timbre.blstm_vae import N_FFT, BlstmVae, powers_of
from tsumami.training.timbre.instruments import VALIDATION, learned_from
from tsumami.training.timbre.notes import Notes, Rows, frames_of
from tsumami.training.timbre.pairwise import WEIGHT, mated, total_loss
from tsumami.training.timbre.schedule import PaperSchedule
from tsumami.training.trained import Trained
from tsumami.training.training_state import Figures, TrainingState

SYSTEM: Final = "timbre"
MODELS: Final = {"VAE": 0.0, "metric_VAE": WEIGHT}
"""The paper's models by their α and β."""

_LARGEST_GRADIENT: Final = 5.0
_JUDGED_FRAMES: Final = 9
"""Of each note, as in section 3.3: before it may have ended."""


class Run(Trained):
    """The model of a training's last epoch, on the CPU.

    The rate falls to nothing, and the validation's two instruments are too few to choose an epoch by.
    """

    def __init__(self, checkpoint: Mapping[str, Any]) -> None:
        super().__init__(checkpoint)
        self.seconds: float = checkpoint["schedule"]["seconds"]
        self.best_epoch = self.epochs
        self.model = BlstmVae(checkpoint["schedule"]["units"])
        self.model.load_state_dict(checkpoint["state"])
        self.model.requires_grad_(False).eval()

    def latents(self, notes: Notes) -> dict[str, npt.NDArray[np.float32]]:
        """Means of both spaces in the first nine frames, ``[n, 9, SIZE]`` each."""
        parts = []
        with torch.inference_mode():
            for rows in np.array_split(np.arange(len(notes)), max(len(notes) // 64, 1)):
                spaces = self.model.encode(_powers(notes, rows, self.seconds))
                parts.append({name: space.mean[:, :_JUDGED_FRAMES] for name, space in spaces.items()})
        return {name: torch.cat([part[name] for part in parts]).numpy() for name in parts[0]}


def fit(
    notes: Notes,
    name: str,
    folder: Path,
    schedule: PaperSchedule,
    *,
    seed: int = 1,
    command: str = "",
    stop_after: int | None = None,
) -> Run:
    """Train a model of `MODELS` in ``folder`` with the instruments to learn from; go on if one is there.

    ``stop_after`` ends this call after that many epochs, as a kill would. Raises `ModelError` when the
    folder holds another training.
    """
    torch.set_num_threads(schedule.threads)
    training = _Training(notes, name, folder, schedule, seed, command)
    watch(name, schedule.epochs, training.epochs(), stop_after)
    return Run(load_checkpoint(folder, SYSTEM))


class _Training:
    """One model on its way."""

    def __init__(
        self, notes: Notes, name: str, folder: Path, schedule: PaperSchedule, seed: int, command: str
    ) -> None:
        self._schedule, self._seed, self._weight = schedule, seed, MODELS[name]
        self._train, self._judges = learned_from(notes), notes.of(VALIDATION)
        torch.manual_seed(seed)
        self._model = BlstmVae(schedule.units)
        self._model.measure(_powers(self._train, np.arange(len(self._train)), schedule.seconds))
        self._optimiser = torch.optim.Adam(self._model.parameters(), lr=schedule.rate)
        self._rate = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimiser, schedule.epochs)
        facts = {
            "model": name,
            "data_hash": self._train.hash,
            "schedule": asdict(schedule),
            "seed": seed,
            "command": command,
        }
        self._state = TrainingState(folder, facts, self._model, self._optimiser, self._rate)
        if self._state.is_begun:
            self._state.resume(load_checkpoint(folder, SYSTEM))

    def epochs(self) -> Iterator[tuple[int, Figures]]:
        """Train on; yields each epoch's number, from 1, and its figures, in nats a note."""
        return self._state.epochs(
            self._seed,
            self._train_epoch,
            self._validate,
            lambda: self._state.epoch >= self._schedule.epochs,
        )

    def _train_epoch(self) -> Figures:
        batches = self._batches(self._train, np.random.default_rng(int(torch.randint(1 << 31, (1,)))))
        total = misfits = 0.0
        for rows in batches:
            loss, misfit = self._losses(self._train, rows)
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self._model.parameters(), _LARGEST_GRADIENT)
            self._optimiser.step()
            total, misfits = total + float(loss.detach()), misfits + float(misfit.detach())
        self._rate.step()
        return {"loss": total / len(batches), "negative ELBO": misfits / len(batches)}

    def _validate(self) -> Figures:
        batches = self._batches(self._judges, np.random.default_rng(self._seed))
        losses = [float(self._losses(self._judges, rows)[0]) for rows in batches]
        return {"validation loss": float(np.mean(losses))}

    def _batches(self, notes: Notes, rng: np.random.Generator) -> list[Rows]:
        """Every note once, beside one that it is compared with, in the schedule's steps at most."""
        pairs = mated(notes, rng.permutation(len(notes)), rng)
        each = self._schedule.batch // 2
        batches = [pairs[first : first + each].ravel() for first in range(0, len(pairs), each)]
        return batches[: self._schedule.steps]

    def _losses(self, notes: Notes, rows: Rows) -> tuple[Tensor, Tensor]:
        power = _powers(notes, rows, self._schedule.seconds)
        pitches, timbres = (torch.from_numpy(labels[rows]) for labels in (notes.notes, notes.timbres))
        return total_loss(self._model, power, pitches, timbres, self._weight)


def _powers(notes: Notes, rows: Rows, seconds: float) -> Tensor:
    heard = notes.sounds[rows, : frames_of(seconds) + N_FFT]
    return powers_of(torch.from_numpy(heard.astype(np.float32)), seconds)
