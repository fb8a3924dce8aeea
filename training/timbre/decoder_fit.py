"""The training of the decoder, from vectors of notes that are not the one it shall make.

The timbre vector is of another note of the same instrument or preset, the pitch vector of another one at the
same pitch: so the decoder learns the swap itself, and what is left of the pitch in a timbre is of no use.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tsumami.training.checkpoint import load_checkpoint
from tsumami.training.progress import epochs
from tsumami.training.timbre.decoder import FRAMES, Decoder, levels_at
from tsumami.training.timbre.encoder_data import Split
from tsumami.training.timbre.encoder_fit import SYSTEM, TrainedEncoder
from tsumami.training.timbre.notes import Notes
from tsumami.training.timbre.schedule import EncoderSchedule
from tsumami.training.training_state import Figures, TrainingState

_BATCH: Final = 128
_FRAMES: Final = 16
"""Of a note in a step, drawn at random."""
_TIMBRES: Final = 900
"""Learned from: all instruments, and presets."""
_RATE: Final = 1e-3
_VALIDATED: Final = 512

Rows = npt.NDArray[np.int64]


class Vectors:
    """Notes with their vectors; ``drawn`` pairs them anew each time."""

    def __init__(self, notes: Notes, encoder: TrainedEncoder) -> None:
        self.notes = notes
        timbres, pitches = encoder.vectors(notes)
        self.timbres, self.pitches = timbres[:, -1], pitches[:, -1]
        self._by_timbre, self._by_pitch = _sorted_rows(notes.timbres), _sorted_rows(notes.pitches)

    def drawn(self, rows: Rows, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Of notes in ``rows``: timbre and pitch vectors of others like them, times, and levels there."""
        same_timbre = _others(self._by_timbre, self.notes.timbres, rows, rng)
        same_pitch = _others(self._by_pitch, self.notes.pitches, rows, rng)
        times = torch.from_numpy(rng.integers(0, FRAMES, (len(rows), _FRAMES)))
        levels = levels_at(torch.from_numpy(self.notes.sounds[rows].astype(np.float32)), times)
        timbres, pitches = self.timbres[same_timbre], self.pitches[same_pitch]
        return torch.from_numpy(timbres), torch.from_numpy(pitches), times, levels


def most_played(notes: Notes, count: int, seed: int) -> Notes:
    """Those of the ``count`` timbres with the most notes, drawn by ``seed`` where these are as many."""
    counts = np.bincount(notes.timbres, minlength=len(notes.names))
    order = np.random.default_rng(seed).permutation(len(counts))
    chosen = order[np.argsort(-counts[order], kind="stable")][:count]
    return notes.of([notes.names[row] for row in sorted(chosen.tolist())])


def _sorted_rows(labels: Rows) -> dict[int, Rows]:
    return {int(label): np.flatnonzero(labels == label) for label in np.unique(labels)}


def _others(by_label: Mapping[int, Rows], labels: Rows, rows: Rows, rng: np.random.Generator) -> Rows:
    """For each of ``rows`` another one with its label; itself where it is alone."""
    found = []
    for row in rows:
        alike = by_label[int(labels[row])]
        place = int(np.searchsorted(alike, row))
        step = int(rng.integers(1, len(alike))) if len(alike) > 1 else 0
        found.append(alike[(place + step) % len(alike)])
    return np.array(found)


def fit_decoder(
    split: Split,
    encoder: TrainedEncoder,
    folder: Path,
    schedule: EncoderSchedule,
    *,
    seed: int = 1,
    command: str = "",
) -> Decoder:
    """Train in ``folder``; go on if a training is there. Returns the decoder of the best epoch."""
    torch.set_num_threads(schedule.threads)
    training = _Training(split, encoder, folder, schedule, seed, command)
    with epochs("decoder", schedule.decoder_epochs) as show:
        for epoch, figures in training.epochs():
            show(epoch, figures)
    return load_decoder(folder)


def load_decoder(folder: Path) -> Decoder:
    """The decoder of a training's best epoch. Raises `ModelError` when there is none."""
    decoder = Decoder()
    decoder.load_state_dict(load_checkpoint(folder, SYSTEM)["best"])
    return decoder.requires_grad_(False).eval()


class _Training:
    """The decoder on its way."""

    def __init__(
        self,
        split: Split,
        encoder: TrainedEncoder,
        folder: Path,
        schedule: EncoderSchedule,
        seed: int,
        command: str,
    ) -> None:
        self._schedule, self._seed, self._encoder, self._split = schedule, seed, encoder, split
        self._train: Vectors | None = None
        torch.manual_seed(seed)
        self._model = Decoder()
        self._optimiser = torch.optim.Adam(self._model.parameters(), lr=_RATE)
        self._rate = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimiser, schedule.decoder_epochs)
        facts = {
            "model": "decoder",
            "data_hash": encoder.data_hash,
            "schedule": asdict(schedule),
            "seed": seed,
            "command": command,
        }
        self._state = TrainingState(folder, facts, self._model, self._optimiser, self._rate)
        if self._state.is_begun:
            self._state.resume(load_checkpoint(folder, SYSTEM))

    def epochs(self) -> Iterator[tuple[int, Figures]]:
        """Train on; yields each epoch's number, from 1, and its figures."""
        return self._state.epochs(
            self._seed,
            self._train_epoch,
            self._validate,
            lambda: self._state.epoch >= self._schedule.decoder_epochs,
        )

    def _train_epoch(self) -> Figures:
        if self._train is None:
            self._train = Vectors(most_played(self._split.train, _TIMBRES, self._seed), self._encoder)
        rng = np.random.default_rng(int(torch.randint(1 << 31, (1,))))
        order = rng.permutation(len(self._train.notes))
        batches = [order[first : first + _BATCH] for first in range(0, len(order), _BATCH)]
        total = 0.0
        for rows in batches:
            loss = _loss(self._model, *self._train.drawn(rows, rng))
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimiser.step()
            total += float(loss.detach())
        self._rate.step()
        return {"loss": total / len(batches)}

    def _validate(self) -> Figures:
        rng = np.random.default_rng(self._seed)
        judges = Vectors(self._split.validation, self._encoder)
        rows = rng.permutation(len(self._split.validation))[:_VALIDATED]
        return {"validation loss": float(_loss(self._model, *judges.drawn(rows, rng)))}


def _loss(model: nn.Module, timbre: Tensor, pitch: Tensor, times: Tensor, levels: Tensor) -> Tensor:
    """The mean difference of levels at some times."""
    loss: Tensor = (model(timbre, pitch, times) - levels).abs().mean()
    return loss
