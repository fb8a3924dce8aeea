"""The training of the causal encoder, which can be stopped at any epoch and gone on with."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tsumami.training.checkpoint import load_checkpoint
from tsumami.training.progress import watch
from tsumami.training.timbre.encoder import Encoder
from tsumami.training.timbre.encoder_data import Batches, Split, whole_features
from tsumami.training.timbre.erasure import Vectors, erasure_of
from tsumami.training.timbre.metric_losses import LOSSES
from tsumami.training.timbre.notes import Notes
from tsumami.training.timbre.retrieval import found_again
from tsumami.training.timbre.schedule import EncoderSchedule
from tsumami.training.trained import Trained
from tsumami.training.training_state import Figures, TrainingState

SYSTEM: Final = "timbre"
"""Of `tsumami train`."""

_DECAY: Final = 0.01
_LARGEST_GRADIENT: Final = 1.0
_PITCH_WEIGHT: Final = 0.5
_AT_ONCE: Final = 256
_TOP: Final = 5
_ERASURE: Final = "erasure.npy"
"""In the folder of a training that is over."""
_ERASURE_EPOCHS: Final = 3


class TrainedEncoder(Trained):
    """The encoder of a training's best epoch, on the CPU, with ``erasure`` folded into its timbre vectors."""

    def __init__(self, checkpoint: Mapping[str, Any], erasure: Vectors | None = None) -> None:
        super().__init__(checkpoint)
        self.loss = self.name
        self.figures: Figures = checkpoint["best_figures"]
        self.model = Encoder()
        self.model.load_state_dict(checkpoint["best"])
        self.model.requires_grad_(False).eval()
        if erasure is not None:
            self.model.change_timbre(torch.from_numpy(erasure))

    def vectors(self, notes: Notes) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Timbres and pitches after every step, ``[n, steps, …]``."""
        return vectors_of(self.model, whole_features(notes))


def vectors_of(model: Encoder, features: Tensor) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Timbres and pitches after every step of features ``[n, frames, BANDS]``."""
    with torch.inference_mode():
        parts = [model(some) for some in torch.split(features, _AT_ONCE)]
    timbres, pitches = (torch.cat(some).numpy() for some in zip(*parts, strict=True))
    return timbres, pitches


def fit_encoder(
    split: Split,
    loss: str,
    folder: Path,
    schedule: EncoderSchedule,
    *,
    seed: int = 1,
    command: str = "",
    stop_after: int | None = None,
) -> TrainedEncoder:
    """Train with a loss of `LOSSES` in ``folder``; go on if one is there.

    ``stop_after`` ends this call after that many epochs, as a kill would. Raises `ModelError` when the
    folder holds another training.
    """
    torch.set_num_threads(schedule.threads)
    training = _Training(split, loss, folder, schedule, seed, command)
    watch(f"encoder, {loss}", schedule.epochs, training.epochs(), stop_after)
    if training.is_over and not (folder / _ERASURE).exists():
        encoder = TrainedEncoder(load_checkpoint(folder, SYSTEM))
        _save_erasure(encoder, split.train, folder, schedule)
    return load_encoder(folder)


def load_encoder(folder: Path) -> TrainedEncoder:
    """The encoder of a training; raises `ModelError` when there is none."""
    path = folder / _ERASURE
    return TrainedEncoder(load_checkpoint(folder, SYSTEM), np.load(path) if path.exists() else None)


def _save_erasure(encoder: TrainedEncoder, notes: Notes, folder: Path, schedule: EncoderSchedule) -> None:
    """Learn what pitch does to timbre vectors from notes that are disturbed as in the training."""
    batches = Batches(notes, replace(schedule, steps=schedule.steps * _ERASURE_EPOCHS))
    rng = np.random.default_rng(encoder.seed)
    heard = [(vectors_of(encoder.model, some)[0][:, -1], *labels) for some, *labels in batches.drawn(rng)]
    vectors, timbres, pitches = (np.concatenate(part) for part in zip(*heard, strict=True))
    unfinished = folder / f"part-{_ERASURE}"
    np.save(unfinished, erasure_of(vectors, timbres, pitches))
    unfinished.replace(folder / _ERASURE)


class _Training:
    """The encoder on its way."""

    def __init__(
        self, split: Split, loss: str, folder: Path, schedule: EncoderSchedule, seed: int, command: str
    ) -> None:
        self._schedule, self._seed, self._loss = schedule, seed, LOSSES[loss]
        self._split = split
        self._batches: Batches | None = None
        self._heard: Tensor | None = None
        torch.manual_seed(seed)
        self._model = Encoder()
        self._model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a third faster
        self._optimiser = torch.optim.AdamW(self._model.parameters(), lr=schedule.rate, weight_decay=_DECAY)
        self._rate = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser, schedule.rate, total_steps=schedule.epochs * schedule.steps + 1
        )
        facts = {
            "model": loss,
            "data_hash": split.train.hash,
            "schedule": asdict(schedule),
            "seed": seed,
            "command": command,
        }
        self._state = TrainingState(folder, facts, self._model, self._optimiser, self._rate)
        if self._state.is_begun:
            self._state.resume(load_checkpoint(folder, SYSTEM))

    @property
    def is_over(self) -> bool:
        """Whether every epoch is done."""
        return self._state.epoch >= self._schedule.epochs

    def epochs(self) -> Iterator[tuple[int, Figures]]:
        """Train on; yields each epoch's number, from 1, and its figures."""
        return self._state.epochs(self._seed, self._train_epoch, self._validate, lambda: self.is_over)

    def _train_epoch(self) -> Figures:
        if self._batches is None:
            self._batches = Batches(self._split.train, self._schedule)
        rng = np.random.default_rng(int(torch.randint(1 << 31, (1,))))
        total = 0.0
        for features, timbres, pitches in self._batches.drawn(rng):
            timbre, pitch = self._model(features)
            last, pitched = timbre[:, -1], pitch[:, -1]
            loss = self._loss(last, timbres) + _PITCH_WEIGHT * self._loss(pitched, pitches)
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self._model.parameters(), _LARGEST_GRADIENT)
            self._optimiser.step()
            self._rate.step()
            total += float(loss.detach())
        return {"loss": total / self._schedule.steps}

    def _validate(self) -> Figures:
        """The share of the validation's notes that do not find another note of theirs among the nearest."""
        notes = self._split.validation
        if self._heard is None:
            self._heard = whole_features(notes)
        timbres, pitches = vectors_of(self._model, self._heard)
        missed = 1.0 - found_again(timbres[:, -1], notes.timbres, self._seed)[_TOP]
        missed_pitches = 1.0 - found_again(pitches[:, -1], notes.pitches, self._seed)[_TOP]
        return {"missed": missed + missed_pitches, "timbres missed": missed, "pitches missed": missed_pitches}
