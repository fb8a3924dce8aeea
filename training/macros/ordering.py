"""Latents in the order of macros: a second flow over a trained one, whose first dimensions do what they say.

The paper orders the latent by a flow of its own (Flow_dis, section 3.2). Here it is trained last: the map
from the latent to the parameters stays as it is, so what a sound is answered with stays the same, and every
preset still has exactly one latent. With z = g(y) and v = f(z), minimised over g:

``likelihood`` of the presets' y under N(0, I): knobs at any place decode to what presets are like.
``named``      y_k is near descriptor k of the preset, in standard units.
``rise``       y_k set to two values, others as they are: descriptor k must rise between them, by at least
               `STEEPNESS` for one unit, as each member of an `Ear` hears the parameters.
``others``     along the same way the other descriptors stay, as far as that costs little,
``loud``       the loudness stays within a tolerance, and
``far``        parameters move no more than they need.
"""

import copy
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from tsumami.engine.inference.contract import Latent
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.descriptors import DESCRIPTORS, MACROS
from tsumami.training.macros.ear import Ear, train_ear
from tsumami.training.macros.flow_models import Invertible
from tsumami.training.macros.flows import Coupling
from tsumami.training.macros.labels import Labeller
from tsumami.training.macros.scaling import KNOB_RANGE, Scale
from tsumami.training.macros.sounds import Sounds

STEEPNESS: Final = 0.7
"""Standard deviations of a descriptor for one unit of its latent."""

STEPS: Final = 1000
"""Of the flow's training; the ear takes half as many again."""

_COUPLINGS, _HIDDEN = 8, 64
_LEARNING_RATE: Final = 1e-3
_LARGEST_GRADIENT: Final = 5.0
_BATCH: Final = 192
_WARM_UP, _FIRST = 0.05, 0.02
_LEAST_MOVE: Final = 0.25
_SLOPE_OUTSIDE: Final = 0.05
_LOUDNESS: Final = DESCRIPTORS.index("loudness")
_QUIET_MOVE: Final = 0.2
_LARGEST_LOSS: Final = 9.0


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each term counts."""

    likelihood: float = 0.05
    named: float = 0.5
    rise: float = 8.0
    others: float = 0.4
    loud: float = 4.0
    far: float = 0.6


@dataclass(frozen=True, slots=True)
class Order:
    """``flow`` makes a model's latent of one whose leading dimensions are ``macros``, pairs of words."""

    flow: Coupling
    macros: tuple[tuple[str, str], ...]

    def laid_over(self, model: Invertible) -> Invertible:
        """A model whose map begins at the ordered latents; it is not for listening."""
        laid = copy.deepcopy(model)
        laid.map.flow.steps = nn.ModuleList([*self.flow.steps, *model.map.flow.steps])
        return laid

    def latents(self, count: int) -> tuple[Latent, ...]:
        """The contract's rows: all go over `KNOB_RANGE` standard deviations both ways."""
        named = [Latent(high, low, high, -KNOB_RANGE, KNOB_RANGE) for low, high in self.macros]
        free = range(len(named) + 1, count + 1)
        return (*named, *(Latent(f"latent {row}", "", "", -KNOB_RANGE, KNOB_RANGE) for row in free))


def new_flow(model: Invertible) -> Coupling:
    """A flow that puts a model's latents in order, before it is trained."""
    return Coupling(model.shape.parameters, _COUPLINGS, _HIDDEN, model.shape.context)


def order_latents(
    model: Invertible,
    corpus: Corpus,
    more: Sounds | None,
    seed: int,
    steps: int = STEPS,
    *,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> Order:
    """Train a flow that puts a model's latents in order, on the presets of ``corpus`` and ``more`` sounds.

    Only for macros that are measured; of those as many as the model has latents.
    """
    torch.manual_seed(seed)
    parts = [corpus.train] if more is None else [corpus.train, more]
    values = torch.from_numpy(np.concatenate([part.values for part in parts]))
    descriptors = np.concatenate([part.descriptors for part in parts])
    units = torch.from_numpy(Scale.fit(corpus.train.descriptors).to_units(descriptors))
    positions, given = model.known(values)
    context = values.new_zeros(len(values), 0) if given is None else given
    ear = train_ear(positions, context, units, steps + steps // 2)
    pairs = Labeller.of(corpus.train).pairs[: positions.shape[1]]
    training = _Training(model, ear, pairs, positions, context, units)
    for step in range(steps):
        training.step(step / steps)
        progress(step + 1, steps)
    return Order(training.flow.requires_grad_(False).eval(), pairs)


def digest_of(model: nn.Module, corpus: Corpus) -> str:
    """Tells orders of other models or corpora apart."""
    digest = hashlib.sha256(corpus.hash.encode())
    for weight in model.state_dict().values():
        digest.update(weight.cpu().numpy().tobytes())
    return digest.hexdigest()[:16]


class _Training:
    def __init__(
        self,
        model: Invertible,
        ear: Ear,
        pairs: tuple[tuple[str, str], ...],
        positions: Tensor,
        context: Tensor,
        units: Tensor,
    ) -> None:
        self._model, self._ear = model, ear
        self._positions, self._context, self._units = positions, context, units
        self._columns = torch.tensor([MACROS.index(high) for _, high in pairs])
        with torch.inference_mode():
            latents = model.latents(positions, context if context.shape[1] else None)
        self._latents = latents.clone()
        self.flow = new_flow(model)
        self._optimiser = torch.optim.Adam(self.flow.parameters())
        self._weights = Weights()

    def step(self, progress: float) -> None:
        """One batch, at ``progress`` 0-1 of the training; the second half slows down."""
        for group in self._optimiser.param_groups:
            group["lr"] = _LEARNING_RATE * min(1.0, 2.0 * (1.0 - progress), progress / _WARM_UP + _FIRST)
        terms = self._terms(torch.randint(len(self._positions), (_BATCH,)))
        weighted = [getattr(self._weights, term.name) * terms[term.name] for term in fields(Weights)]
        self._optimiser.zero_grad()
        torch.stack(weighted).sum().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.flow.parameters(), _LARGEST_GRADIENT)
        self._optimiser.step()

    def _terms(self, rows: Tensor) -> dict[str, Tensor]:
        context, units = self._context[rows], self._units[rows]
        given = context if context.shape[1] else None
        ordered, volume = self.flow.inverse(self._latents[rows], given)
        named = ordered[:, : len(self._columns)]
        return {
            "likelihood": (0.5 * ordered**2).mean() - volume.mean() / ordered.shape[1],
            "named": nn.functional.smooth_l1_loss(named, units[:, self._columns], beta=0.5),
            **self._turned(ordered, self._positions[rows], context),
        }

    def _turned(self, ordered: Tensor, positions: Tensor, context: Tensor) -> dict[str, Tensor]:
        """A knob of each preset at two places."""
        count, rows = len(ordered), torch.arange(len(ordered))
        macro = torch.randint(len(self._columns), (count,))
        low, high = _two_places(count)
        ends = ordered.repeat(2, 1)
        ends[torch.arange(2 * count), macro.repeat(2)] = torch.cat([low, high])
        both = context.repeat(2, 1)
        given = both if both.shape[1] else None
        moved = self._model.map(self.flow(ends, given)[0], given)
        heard = self._ear(_squeezed(moved), both).unflatten(1, (2, count))
        drift = heard - self._ear(positions, context)[:, None]
        own = self._columns[macro]
        rise = (heard[:, 1] - heard[:, 0])[:, rows, own]
        others = drift[..., self._columns] * (self._columns != own[:, None])
        excess = torch.relu(drift[..., _LOUDNESS].abs() - _QUIET_MOVE)
        return {
            "rise": (torch.relu(STEEPNESS * (high - low) - rise) ** 2 / (high - low)).mean(),
            "others": nn.functional.smooth_l1_loss(others, torch.zeros_like(others), beta=0.3),
            "loud": (excess**2).clamp(max=_LARGEST_LOSS).mean(),
            "far": (moved.unflatten(0, (2, count)) - positions).square().mean(),
        }


def _two_places(count: int) -> tuple[Tensor, Tensor]:
    """Two places of a knob for each row, the lower first, not too near to each other, ``[count]`` each."""
    drawn = torch.rand(2, count) * (2 * KNOB_RANGE - _LEAST_MOVE) - KNOB_RANGE
    low, high = torch.sort(drawn, dim=0).values
    return low, high + _LEAST_MOVE


def _squeezed(positions: Tensor) -> Tensor:
    """Held within 0-1 with a little slope left outside, for the gradient."""
    inside = positions.clamp(0.0, 1.0)
    return inside + _SLOPE_OUTSIDE * (positions - inside)
