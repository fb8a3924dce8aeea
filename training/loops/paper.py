"""The loops paper's DCGAN on raw samples, four bass loops of two seconds at 2,048 Hz, as it is given.

Read so: kernels of 5, strides of 2, padding of 1; channels double inwards; batch norm; z of 100 uniform
numbers; Adam at 1e-3, betas 0.9 and 0.999; both networks take one step an epoch, with all four loops. Where a
stride does not come out even the transposed convolution's output padding makes up for it. The paper gives the
leaky ReLU to the generator and the ReLU to the critic; so does this. It gives no number of channels.
Fixed z are looked at every 100 epochs.

The critic's sigmoid is taken together with the cross entropy, as softplus of the log odds. By themselves, in
float32, a sigmoid is 0 and its slope nothing once the critic is sure, and the generator would learn no more.
"""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from tsumami.training.checkpoint import check_same_training, has_checkpoint, load_checkpoint, save_checkpoint
from tsumami.training.loops.loop_set import Sequenced, hash_of
from tsumami.training.loops.schedule import SCHEDULES
from tsumami.training.progress import epochs

Audio = npt.NDArray[np.float32]

NAME: Final = "paper"
SAMPLE_RATE: Final = 2048
FRAMES: Final = 2 * SAMPLE_RATE
BPM: Final = 120
"""At which a bar is two seconds."""
LOOPS: Final = 4
UNIFORM: Final = 100
SEEN: Final = 100
"""Of the fixed z, and the epochs from one look at them to the next."""
_CHANNELS: Final = (1, 8, 16, 32, 64)
_SAVED: Final = 100


class Discriminator(nn.Module):
    """From sound ``[n, 1, FRAMES]`` to the log odds of its being one of the loops, ``[n]``."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(_CHANNELS):
            layers += [nn.Conv1d(before, after, 5, 2, 1), nn.BatchNorm1d(after), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.end = nn.Linear(_CHANNELS[-1] * lengths()[-1], 1)

    def forward(self, sound: Tensor) -> Tensor:
        """See the class."""
        odds: Tensor = self.end(self.layers(sound).flatten(1))
        return odds[:, 0]


class PaperGenerator(nn.Module):
    """From z ``[n, UNIFORM]`` to sound ``[n, 1, FRAMES]`` in -1-1."""

    def __init__(self) -> None:
        super().__init__()
        self.begin = nn.Linear(UNIFORM, _CHANNELS[-1] * lengths()[-1])
        sizes = lengths()[::-1]
        layers: list[nn.Module] = []
        for number, (before, after) in enumerate(zip(_CHANNELS[:0:-1], _CHANNELS[-2::-1], strict=True)):
            left = sizes[number + 1] - ((sizes[number] - 1) * 2 - 2 + 5)
            layers.append(nn.ConvTranspose1d(before, after, 5, 2, 1, output_padding=left))
            if after > 1:
                layers += [nn.BatchNorm1d(after), nn.LeakyReLU(0.2)]
        layers.append(nn.Tanh())
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        """See the class."""
        sound: Tensor = self.layers(self.begin(z).view(-1, _CHANNELS[-1], lengths()[-1]))
        return sound


def critic_loss(for_true: Tensor, for_made: Tensor) -> Tensor:
    """The cross entropy of log odds: high for the true, low for the made."""
    return softplus(-for_true).mean() + softplus(for_made).mean()


def generator_loss(for_made: Tensor) -> Tensor:
    """The cross entropy of the made being taken for true."""
    return softplus(-for_made).mean()


def lengths() -> list[int]:
    """Frames before and after each of the discriminator's convolutions."""
    found = [FRAMES]
    for _ in _CHANNELS[1:]:
        found.append((found[-1] + 2 - 5) // 2 + 1)
    return found


class PaperRun:
    """What a training has stored: losses ``[epochs, 2]`` of generator and critic, and what it made."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.epochs: int = stored["epoch"]
        self.command: str = stored["command"]
        self.seed: int = stored["seed"]
        self.budget: str = stored["schedule"]
        self.loops: Audio = stored["loops"].numpy()
        self.losses: Audio = stored["losses"].numpy()
        self.seen: Audio = stored["seen"].numpy()
        """Of some looks at the first four fixed z, ``[looks, 4, FRAMES]``."""
        self.made: Audio = stored["made"].numpy()
        """Of all fixed z at the end, ``[SEEN, FRAMES]``."""


def chosen(loops: Sequence[Sequenced]) -> Audio:
    """The first four basslines at the paper's tempo and rate, ``[LOOPS, FRAMES]``, each as loud as can be."""
    basslines = [loop for loop in loops if loop.pattern.kind == "bass"][:LOOPS]
    sounds = np.stack([loop.audio(SAMPLE_RATE, BPM) for loop in basslines])
    return np.asarray(0.9 * sounds / np.abs(sounds).max(axis=1, keepdims=True), np.float32)


def fit_paper(
    loops: Sequence[Sequenced], place: Path, *, budget: str = "small", seed: int = 1, command: str = ""
) -> PaperRun:
    """Train it in its folder in ``place``; go on if it is there. Raises `ModelError` for another training."""
    folder, training = place / NAME, _PaperTraining(chosen(loops), seed)
    facts = {"system": "loops paper", "schedule": budget, "seed": seed, "data_hash": hash_of(list(loops[:4]))}
    if has_checkpoint(folder):
        stored = load_checkpoint(folder, "loops")
        check_same_training(folder, stored, facts)
        command = stored["command"]
        training.take(stored)
    last = SCHEDULES[budget].paper_epochs
    with epochs(NAME, last) as show:
        while training.epoch < last:
            torch.manual_seed(seed * 1_000_000 + training.epoch)
            for _ in range(min(_SAVED, last - training.epoch)):
                training.step()
            training.look()
            save_checkpoint(folder, {**facts, "command": command, **training.content()})
            show(training.epoch, {"critic": training.losses[-1][1]})
    return PaperRun(load_checkpoint(folder, "loops"))


class _PaperTraining:
    """Both networks on their way."""

    def __init__(self, loops: Audio, seed: int) -> None:
        torch.manual_seed(seed)
        self._loops = torch.from_numpy(loops)[:, None]
        self._fixed = 2.0 * torch.rand(SEEN, UNIFORM) - 1.0
        self._parts = {"generator": PaperGenerator(), "critic": Discriminator()}
        self._optimisers = {
            name: torch.optim.Adam(part.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-7, fused=True)
            for name, part in self._parts.items()
        }
        self.losses: list[tuple[float, float]] = []
        self._seen: list[Tensor] = []
        self.epoch = 0

    def step(self) -> None:
        """One epoch: all loops, and as many made ones."""
        generator, critic = self._parts["generator"], self._parts["critic"]
        made = generator(2.0 * torch.rand(len(self._loops), UNIFORM) - 1.0)
        of_critic = critic_loss(critic(self._loops), critic(made.detach()))
        self._descend("critic", of_critic)
        critic.requires_grad_(False)
        of_generator = generator_loss(critic(made))
        self._descend("generator", of_generator)
        critic.requires_grad_(True)
        self.losses.append((of_generator.item(), of_critic.item()))
        self.epoch += 1

    def _descend(self, name: str, loss: Tensor) -> None:
        self._optimisers[name].zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimisers[name].step()

    @torch.no_grad()
    def look(self) -> None:
        """At what the fixed z have become."""
        self._made = self._parts["generator"].eval()(self._fixed)[:, 0]
        self._parts["generator"].train()
        self._seen.append(self._made[:LOOPS])

    def content(self) -> dict[str, Any]:
        """Everything to go on from."""
        return {
            "epoch": self.epoch,
            "loops": self._loops[:, 0],
            "losses": torch.tensor(self.losses),
            "seen": torch.stack(self._seen),
            "made": self._made,
            "parts": {name: part.state_dict() for name, part in self._parts.items()},
            "optimisers": {name: part.state_dict() for name, part in self._optimisers.items()},
        }

    def take(self, stored: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.epoch = stored["epoch"]
        self.losses = [tuple(pair) for pair in stored["losses"].tolist()]
        self._seen, self._made = list(stored["seen"]), stored["made"]
        for name, part in self._parts.items():
            part.load_state_dict(stored["parts"][name])
            self._optimisers[name].load_state_dict(stored["optimisers"][name])
