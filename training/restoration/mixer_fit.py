"""The training of the mixer: examples first, kept in a folder, then the network."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from tsumami.engine.errors import SoundError
from tsumami.training.checkpoint import load_checkpoint
from tsumami.training.progress import counting, watch
from tsumami.training.restoration.mixer_clips import Sources, find_sources
from tsumami.training.restoration.mixer_examples import Examples, examples_of
from tsumami.training.restoration.mixer_network import Gaps, MixerNetwork, loss_of
from tsumami.training.training_state import Figures, TrainingState

SYSTEM: Final = "mixer"
"""Of `tsumami train`."""

_HELD: Final = 10
"""Of so many clips one is kept for the validation."""
_LARGEST_GRADIENT: Final = 1.0
_HASH: Final = 16
_FEWEST: Final = 2


@dataclass(frozen=True, slots=True)
class Schedule:
    """Sizes of one training: ``batch`` is in clips, ``regret`` the one of `loss_of`."""

    name: str
    clips: int
    epochs: int
    rate: float
    decay: float
    batch: int
    channels: int
    regret: float


SCHEDULES: Final = {
    schedule.name: schedule
    for schedule in (
        Schedule("smoke", 4, 2, 2e-3, 0.01, 2, 8, 2.5),
        Schedule("small", 1000, 8, 2e-3, 0.01, 8, 48, 2.5),
        Schedule("full", 4000, 16, 2e-3, 0.01, 8, 64, 2.5),
    )
}
"""``small`` takes a core twenty minutes, nearly all for the examples."""


@dataclass(frozen=True, slots=True)
class Trained:
    """The network of the best epoch, and where it comes from."""

    network: MixerNetwork
    schedule: Schedule
    seed: int
    data_hash: str
    command: str
    epoch: int
    figures: Figures
    sources: Sources


def fit_mixer(
    data: Sequence[Path], folder: Path, *, budget: str = "small", seed: int = 1, command: str = ""
) -> Trained:
    """Make examples from the sound in folders ``data``, and train on them; go on where ``folder`` stands.

    Raises `SoundError` where there is no sound, `ModelError` when the folder holds another training.
    """
    schedule = SCHEDULES[budget]
    torch.set_num_threads(1)
    sources = find_sources(data)
    with counting("examples") as show:
        clips = []
        for number in range(schedule.clips):
            clips.append(_examples(sources, number, seed, folder / "examples"))
            show(number + 1, schedule.clips)
    heard = [examples for examples in clips if examples is not None]
    if len(heard) < _FEWEST:
        raise SoundError(f"data must have {_FEWEST} clips that can be heard, got {len(heard)}")
    training = _Training(heard, folder, schedule, seed, command)
    watch(SYSTEM, schedule.epochs, training.epochs())
    return training.trained(sources)


def _examples(sources: Sources, number: int, seed: int, folder: Path) -> Examples | None:
    """Those of a clip, as they were kept or made anew."""
    path = folder / f"{seed}-{number:04}.npz"
    if path.exists():
        return Examples.load(path)
    examples = examples_of(sources, number, seed)
    if examples is not None:
        folder.mkdir(parents=True, exist_ok=True)
        examples.save(path)
    return examples


class _Training:
    """The network on its way."""

    def __init__(
        self, clips: Sequence[Examples], folder: Path, schedule: Schedule, seed: int, command: str
    ) -> None:
        self._schedule, self._seed, self._folder = schedule, seed, folder
        gaps = [Gaps.of(examples) for examples in clips]
        self._valid = gaps[::_HELD]
        self._train = [one for number, one in enumerate(gaps) if number % _HELD]
        self._hash = _hash_of(clips)
        torch.manual_seed(seed)
        self._network = MixerNetwork(schedule.channels)
        self._network.standardise(torch.cat([one.features for one in self._train]))
        parameters = self._network.parameters()
        self._optimiser = torch.optim.AdamW(parameters, lr=schedule.rate, weight_decay=schedule.decay)
        self._rate = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimiser, schedule.epochs)
        facts = {
            "data_hash": self._hash,
            "schedule": asdict(schedule),
            "seed": seed,
            "command": command,
        }
        self._state = TrainingState(folder, facts, self._network, self._optimiser, self._rate)
        if self._state.is_begun:
            self._state.resume(load_checkpoint(folder, SYSTEM))

    def epochs(self) -> Iterator[tuple[int, Figures]]:
        """Train on; yields each epoch's number, from 1, and the losses at its end, in dB."""
        return self._state.epochs(
            self._seed,
            self._train_epoch,
            self._validate,
            lambda: self._state.epoch >= self._schedule.epochs,
        )

    def trained(self, sources: Sources) -> Trained:
        """The network of the best epoch so far."""
        self._state.save()
        stored: dict[str, Any] = load_checkpoint(self._folder, SYSTEM)
        network = MixerNetwork(self._schedule.channels)
        network.load_state_dict(stored["best"])
        network.requires_grad_(False).eval()
        figures = {**stored["best_figures"], **_gains(network, self._valid)}
        place = self._schedule, self._seed, self._hash, stored["command"], stored["best_epoch"]
        return Trained(network, *place, figures, sources)

    def _train_epoch(self) -> Figures:
        order = torch.randperm(len(self._train)).tolist()
        total = 0.0
        for first in range(0, len(order), self._schedule.batch):
            batch = [self._train[number] for number in order[first : first + self._schedule.batch]]
            losses = torch.stack([loss_of(self._network, one, self._schedule.regret) for one in batch])
            self._optimiser.zero_grad()
            losses.mean().backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self._network.parameters(), _LARGEST_GRADIENT)
            self._optimiser.step()
            total += float(losses.detach().sum())
        self._rate.step()
        return {"loss": _db(total / len(order))}

    def _validate(self) -> Figures:
        losses = [float(loss_of(self._network, one, self._schedule.regret)) for one in self._valid]
        return {"validation loss": _db(float(np.mean(losses)))}


def _gains(network: MixerNetwork, clips: Sequence[Gaps]) -> Figures:
    """Errors of clips that were not learned from, dB below the truth, mixed and plain."""
    with torch.inference_mode():
        mixed = [gaps.errors_with(gaps.plain + network(gaps.features)).sum() for gaps in clips]
        plain = [gaps.errors_with(gaps.plain).sum() for gaps in clips]
    means = (_db(float(torch.stack(errors).log().mean())) for errors in (mixed, plain))
    return dict(zip(("validation error", "validation error, plain"), means, strict=True))


def _db(logarithm: float) -> float:
    return 10.0 * logarithm / math.log(10.0)


def _hash_of(clips: Sequence[Examples]) -> str:
    digest = hashlib.sha256()
    for clip in clips:
        digest.update(clip.features.tobytes())
        digest.update(clip.products.tobytes())
    return digest.hexdigest()[:_HASH]
