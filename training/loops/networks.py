"""Generator and critic of loops: convolutions along the steps of a bar, whose last is next to its first."""

from collections.abc import Callable, Iterator
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.nn.utils.parametrizations import spectral_norm

from tsumami.engine.loops.assembly import STEPS
from tsumami.engine.loops.wishes import KINDS, WISHES
from tsumami.training.loops.basis import ALL_SHAPES

LATENTS: Final = 32
WIDTH: Final = 96
KERNEL: Final = 3
SOUNDS: Final = {"bass": 160, "drums": 128}
"""That each kind is mixed of, its rest among them."""
RESTS: Final = (0, SOUNDS["bass"])
SHARPNESS: Final = 8.0
_NEVER: Final = -1e4
_GROUP: Final = 8
"""Examples of a batch whose variety the critic is shown together."""


Held = Callable[[nn.Module], nn.Module]


class RoundConv(nn.Module):
    """A convolution over steps that goes round; its weights are ``held``."""

    def __init__(self, held: "Held | None" = None) -> None:
        super().__init__()
        conv = nn.Conv1d(WIDTH, WIDTH, KERNEL)
        self.conv: nn.Module = conv if held is None else held(conv)

    def forward(self, x: Tensor) -> Tensor:
        """``[n, channels, steps]``, as many steps as came in."""
        around: Tensor = self.conv(pad(x, (KERNEL // 2, KERNEL // 2), mode="circular"))
        return around


class Generator(nn.Module):
    """From latents ``[n, LATENTS]`` and wishes ``[n, WISHES]`` to weights ``[n, ALL_SHAPES + 1, STEPS]``.

    Every step is a mix of ``sounds`` ``[sounds, ALL_SHAPES]``, which begin as what was heard most and are
    learned on; the first of a kind is a rest. The last row is how much of the mix is none. ``is_normed`` with
    the batch norm of the paper.
    """

    latents = LATENTS
    """Numbers of a latent."""

    def __init__(self, sounds: Tensor, *, is_normed: bool = False) -> None:
        super().__init__()
        self.sounds = nn.Parameter(sounds.clone())
        self.begin = nn.Linear(LATENTS + WISHES, WIDTH * STEPS)
        self.layers = nn.ModuleList(RoundConv() for _ in range(3))
        self.norms = nn.ModuleList(nn.BatchNorm1d(WIDTH) if is_normed else nn.Identity() for _ in self.layers)
        self.choice = nn.Conv1d(WIDTH, len(sounds), 1)

    def forward(self, latents: Tensor, wishes: Tensor) -> Tensor:
        """See the class."""
        shares = self.shares(latents, wishes)
        mixed = torch.einsum("nct,cs->nst", shares, self.sounds)
        rests = shares[:, list(RESTS)].sum(dim=1, keepdim=True)
        return torch.cat([mixed, 1.0 - rests], dim=1)

    @property
    def convolutions(self) -> Iterator[nn.Module]:
        """Of its layers, in order."""
        return (layer.conv for layer in self.layers if isinstance(layer, RoundConv))

    def shares(self, latents: Tensor, wishes: Tensor) -> Tensor:
        """Of each sound in each step's mix, ``[n, sounds, STEPS]``."""
        return torch.softmax(self.odds(latents, wishes), dim=1)

    def odds(self, places: Tensor, wishes: Tensor) -> Tensor:
        """Logarithms of the chances of each sound ``[n, sounds, STEPS]``, at places ``[n, LATENTS]``."""
        x = self.begin(torch.cat([places, wishes], dim=1)).view(-1, WIDTH, STEPS)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = x + norm(layer(torch.relu(x)))
        odds: Tensor = SHARPNESS * self.choice(x) + _NEVER * (1.0 - of_kind(wishes))
        return odds


def of_kind(wishes: Tensor) -> Tensor:
    """1 for the sounds of the wished kind, ``[n, sounds, 1]``."""
    parts = [wishes[:, number : number + 1].expand(-1, SOUNDS[kind]) for number, kind in enumerate(KINDS)]
    return torch.cat(parts, dim=1)[:, :, None]


class Critic(nn.Module):
    """One number for each loop and wish: how much it is taken for one that was learned from.

    Steps are looked at alone first, then together. With ``is_varied`` it sees how much the loops of a batch
    differ (minibatch features), with ``is_spectral`` its layers are held to a slope of 1.
    """

    def __init__(self, *, is_varied: bool, is_spectral: bool, is_normed: bool) -> None:
        super().__init__()
        held: Held = spectral_norm if is_spectral else _as_it_is
        self._is_varied = is_varied
        self.alone = nn.Sequential(
            held(nn.Conv1d(ALL_SHAPES + 1 + WISHES, WIDTH, 1)),
            nn.LeakyReLU(0.2),
            held(nn.Conv1d(WIDTH, WIDTH, 1)),
            nn.LeakyReLU(0.2),
        )
        self.together = nn.ModuleList(RoundConv(held) for _ in range(3))
        self.norms = nn.ModuleList(nn.BatchNorm1d(WIDTH) if is_normed else nn.Identity() for _ in range(3))
        self.end = held(nn.Linear((WIDTH + is_varied) * STEPS // 4, 1))

    def forward(self, weights: Tensor, wishes: Tensor) -> Tensor:
        """``[n]``, from 0 on for the learned."""
        told = wishes[:, :, None].expand(-1, -1, STEPS)
        x = self.alone(torch.cat([weights, told], dim=1))
        for number, (layer, norm) in enumerate(zip(self.together, self.norms, strict=True)):
            x = torch.nn.functional.leaky_relu(norm(layer(x)), 0.2)
            if number < 2:
                x = x[:, :, ::2] + x[:, :, 1::2]
        if self._is_varied:
            x = torch.cat([x, variety(x)], dim=1)
        numbers: Tensor = self.end(x.flatten(1))
        return numbers[:, 0]


def variety(x: Tensor) -> Tensor:
    """The mean deviation within groups of the batch, ``[n, 1, steps]`` (Karras et al. 2018, section 3)."""
    size = _GROUP if len(x) % _GROUP == 0 else len(x)
    groups = x.view(-1, size, *x.shape[1:])
    deviation = torch.sqrt(groups.var(dim=1, unbiased=False) + 1e-8).mean(dim=(1, 2))
    return deviation.repeat_interleave(size)[:, None, None].expand(-1, 1, x.shape[2])


def _as_it_is(layer: nn.Module) -> nn.Module:
    return layer
