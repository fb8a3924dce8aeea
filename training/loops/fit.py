"""The training of generators of loops, which can be stopped at any epoch and gone on with.

What is kept of the generator is the mean of its weights over its last steps. The best epoch is the one whose
loops are nearest, by the energy distance, to the kept ones that were not learned from.
"""

import copy
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from tsumami.training.loops.data import LoopData, first_sounds
from tsumami.training.loops.networks import LATENTS, Critic, Generator
from tsumami.training.loops.objective import LAZY, critic_loss, energy_distance, generator_loss
from tsumami.training.loops.run import Run, load_run, stored_run
from tsumami.training.loops.schedule import SCHEDULES, Schedule
from tsumami.training.loops.variants import VARIANTS
from tsumami.training.progress import watch
from tsumami.training.training_state import Figures, TrainingState

_MEAN_STEPS: Final = 200
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


class Pair(nn.Module):
    """Generator, critic, and the mean of the generator's last weights."""

    def __init__(self, sounds: Tensor, name: str) -> None:
        super().__init__()
        variant = VARIANTS[name]
        self.generator = Generator(sounds, is_normed=variant.is_normed)
        self.critic = Critic(
            is_varied=variant.is_varied, is_spectral=variant.is_spectral, is_normed=variant.is_normed
        )
        self.mean = copy.deepcopy(self.generator).requires_grad_(False)

    def follow(self) -> None:
        """Take the generator's present weights into the mean."""
        now = self.generator.state_dict()
        for name, mean in self.mean.state_dict().items():
            if mean.is_floating_point():
                mean.lerp_(now[name], 1.0 / _MEAN_STEPS)
            else:
                mean.copy_(now[name])


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
        self._pair = Pair(first_sounds(data.learned, seed), name)
        # One optimiser for both: who has no gradients in a step is left alone by it.
        groups = [{"params": self._pair.generator.parameters()}, {"params": self._pair.critic.parameters()}]
        self._optimiser = torch.optim.Adam(groups, lr=self._variant.rate, betas=self._variant.betas)
        self._rate = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimiser, schedule.epochs)
        self._state = TrainingState(folder, facts, self._pair, self._optimiser, self._rate)
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
        totals = {"critic": 0.0, "generator": 0.0}
        for step in range(self._schedule.steps):
            for name, loss in self._step(is_sloped=step % LAZY == 0).items():
                totals[name] += loss / self._schedule.steps
        self._rate.step()
        return totals

    def _step(self, *, is_sloped: bool) -> Figures:
        pair, variant = self._pair, self._variant
        some = torch.randint(len(self._true), (self._schedule.batch,))
        true, wishes = self._true[some], self._wishes[some]
        made = pair.generator(torch.randn(len(some), LATENTS), wishes)
        of_critic = critic_loss(pair.critic, variant, true, made, wishes, is_sloped=is_sloped)
        self._descend(of_critic)
        pair.critic.requires_grad_(False)
        of_generator = generator_loss(pair.critic, variant, true, made, wishes)
        self._descend(of_generator)
        pair.critic.requires_grad_(True)
        pair.follow()
        return {"critic": of_critic.item(), "generator": of_generator.item()}

    def _descend(self, loss: Tensor) -> None:
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()

    def _judge(self) -> Figures:
        latents = torch.randn(len(self._kept), LATENTS, generator=torch.Generator().manual_seed(0))
        made = self._pair.mean(latents, self._kept_wishes)
        return {_JUDGED: energy_distance(self._kept.flatten(1), made.flatten(1)).item()}
