"""The training of generators of loops, which can be stopped at any epoch and gone on with.

What is kept of the generator is the mean of its weights over its last steps. The best epoch is the one whose
loops are nearest, by the energy distance, to the kept ones that were not learned from.
"""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from tsumami.training.loops.average import Averaged
from tsumami.training.loops.data import LoopData, first_sounds
from tsumami.training.loops.likelihood import Likely
from tsumami.training.loops.networks import Critic, Generator
from tsumami.training.loops.objective import LAZY, critic_loss, energy_distance, generator_loss
from tsumami.training.loops.run import Run, load_run, stored_run
from tsumami.training.loops.schedule import SCHEDULES, Schedule
from tsumami.training.loops.variants import VARIANTS
from tsumami.training.loops.vocabulary import Vocabulary
from tsumami.training.progress import watch
from tsumami.training.training_state import Figures, TrainingState

_JUDGED: Final = "energy distance"


def fit(
    data: LoopData,
    name: str,
    place: Path,
    *,
    budget: str = "small",
    seed: int = 1,
    command: str = "",
    stop_after: int | None = None,
) -> Run:
    """Train a generator by one of `VARIANTS` in its folder in ``place``; go on if it is there.

    ``stop_after`` ends this call after that many epochs, as a kill would. Raises `ModelError` when the
    folder holds another training.
    """
    schedule = SCHEDULES[budget]
    torch.set_num_threads(schedule.threads)
    training = Training(data, name, place / name, schedule, seed, command)
    watch(name, schedule.epochs, training.epochs(), stop_after)
    return training.run()


class Pair(Averaged):
    """Generator and critic."""

    def __init__(self, sounds: Tensor, name: str) -> None:
        variant = VARIANTS[name]
        super().__init__(Generator(sounds, is_normed=variant.is_normed))
        self.critic = Critic(
            is_varied=variant.is_varied, is_spectral=variant.is_spectral, is_normed=variant.is_normed
        )


class Training:
    """One generator on its way."""

    def __init__(
        self, data: LoopData, name: str, folder: Path, schedule: Schedule, seed: int, command: str = ""
    ) -> None:
        self._schedule, self._seed, self._folder = schedule, seed, folder
        self._variant = VARIANTS[name]
        facts = {
            "model": name,
            "system": "loops",
            "data_hash": data.hash,
            "schedule": asdict(schedule),
            "seed": seed,
            "command": command,
        }
        self._true, self._wishes = map(torch.from_numpy, (data.learned.weights, data.learned.wishes))
        self._kept, self._kept_wishes = map(torch.from_numpy, (data.kept.weights, data.kept.wishes))
        torch.manual_seed(seed)
        self._model = _model(data, name, seed)
        # One optimiser for all: who has no gradients in a step is left alone by it.
        self._optimiser = torch.optim.AdamW(
            [weights for weights in self._model.parameters() if weights.requires_grad],
            lr=self._variant.rate,
            betas=self._variant.betas,
            weight_decay=self._variant.decay,
        )
        self._rate = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimiser, schedule.epochs)
        self._state = TrainingState(folder, facts, self._model, self._optimiser, self._rate)
        if self._state.is_begun:
            self._state.resume(stored_run(folder))

    def epochs(self) -> Iterator[tuple[int, Figures]]:
        """Train on; yields each epoch's number, from 1, and its figures."""
        return self._state.epochs(
            self._seed, self._train_epoch, self._judge, lambda: self._state.epoch >= self._schedule.epochs
        )

    def run(self) -> Run:
        """The generator of the best epoch so far."""
        self._state.save()
        return load_run(self._folder)

    def _train_epoch(self) -> Figures:
        totals: Figures = {}
        # All variants get the same time: a step of a generator and its critic is two.
        steps = self._schedule.steps if self._variant.is_drawn else self._schedule.steps // 2
        for number in range(steps):
            some = torch.randint(len(self._true), (self._schedule.batch,))
            for name, loss in self._step(self._true[some], self._wishes[some], number).items():
                totals[name] = totals.get(name, 0.0) + loss / steps
            self._model.follow()
        self._rate.step()
        return totals

    def _step(self, true: Tensor, wishes: Tensor, number: int) -> Figures:
        match self._model:
            case Likely() as likely:
                return {"loss": self._descend(likely.loss(true, wishes))}
            case pair:
                return self._contend(pair, true, wishes, is_sloped=number % LAZY == 0)

    def _contend(self, pair: Pair, true: Tensor, wishes: Tensor, *, is_sloped: bool) -> Figures:
        variant, critic = self._variant, pair.critic
        made = pair.generator(torch.randn(len(true), pair.generator.latents), wishes)
        of_critic = self._descend(critic_loss(critic, variant, true, made, wishes, is_sloped=is_sloped))
        critic.requires_grad_(False)
        of_generator = self._descend(generator_loss(critic, variant, true, made, wishes))
        critic.requires_grad_(True)
        return {"critic": of_critic, "generator": of_generator}

    def _descend(self, loss: Tensor) -> float:
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        return loss.item()

    def _judge(self) -> Figures:
        mean = self._model.mean
        latents = torch.randn(len(self._kept), mean.latents, generator=torch.Generator().manual_seed(0))
        made = mean(latents, self._kept_wishes)
        return {_JUDGED: energy_distance(self._kept.flatten(1), made.flatten(1)).item()}


def _model(data: LoopData, name: str, seed: int) -> Pair | Likely:
    if VARIANTS[name].is_drawn:
        return Likely(Vocabulary(data.learned, data.basis, seed))
    return Pair(first_sounds(data.learned, seed), name)
