"""What the flow is trained for: the paper's terms, and that a knob does what it says.

    L = w_nll L_nll + w_link L_link + w_named L_named + w_tag L_o + w_sweep L_sweep + w_other L_other
        + w_loud L_loud + w_step L_step

``L_nll``   −log p(v | c) per dimension: the change of variables, equations (5) and (6) (the text of (6) has
            lost its log), under p(z) = N(0, I). It keeps the latent filled, so that any knob position
            decodes to a plausible patch.
``L_link``  Flow_reg (section 4.2): −log q(z | x) up to a constant. A learned linear map of the whole latent
            predicts the posterior mean of the audio VAE, so neighbours in the latent sound alike.
``L_named`` z_k equals descriptor k in standard units: the weak label of every patch. Where all patches obey,
            a move along z_k alone *is* a move of descriptor k alone.
``L_o``     the paper's tag term (section 3.2) for patches with human tags: KL of a point mass at z_k,
            widened to σ, to N(±µ*, σ), that is (z_k ∓ µ*)² / 2σ².
``L_sweep`` from a patch's latent, z_k is set to two values; decoded in the same context and described by the
            surrogate, descriptor k must rise between them with at least `STEEPNESS` of their distance. Every
            member of the surrogate is asked for itself: where they differ, nobody knows, and it costs.
``L_other`` along the same sweep the other descriptors stay,
``L_loud``  the loudness stays, within a tolerance,
``L_step``  and parameters move no more than they need: their squares, weighted with `step_costs`. A knob
            moves what is for it, and finds fewer of the places where the surrogate errs.
"""

from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor, nn

from tsumami.plugins import PARAMETERS
from tsumami.training.macros.descriptors import MACROS
from tsumami.training.macros.flow import MacroFlow
from tsumami.training.macros.layout import MOVED
from tsumami.training.macros.scaling import KNOB_RANGE
from tsumami.training.macros.surrogate import Surrogate
from tsumami.training.macros.vae import LATENT

STEEPNESS: Final = 0.7
"""Standard deviations of a descriptor per unit of its latent dimension."""

TAG_MEAN: Final = 1.0
"""µ* of the tags' target distributions, in standard deviations."""

TAG_SPREAD: Final = 0.7

_COUNT = len(MACROS)
PRACTICE: Final = torch.tensor([1.5, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0])
"""How often each macro is swept, in proportion: the first three are the ones that performers reach for."""

DEAREST: Final = 20.0
VOLUME: Final = MOVED.index([parameter.name for parameter in PARAMETERS].index("volume"))
_VOLUME_COST = 0.3
_LEAST_SHARE = 0.03
_LEAST_MOVE = 0.25
_BLUR = 0.02
"""Parameters at exactly 0 or 1 have no density; all are blurred by this much."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each term counts."""

    nll: float = 0.05
    link: float = 0.02
    named: float = 1.0
    tag: float = 0.1
    sweep: float = 8.0
    other: float = 1.5
    loud: float = 4.0
    step: float = 0.6

    def stricter(self, rounds: int) -> "Weights":
        """For later rounds: once a knob has its effect, side effects and needless moves cost more."""
        factor = 1.0 + 0.5 * min(rounds, 2)
        return replace(self, other=self.other * factor, step=self.step * factor)


@dataclass(frozen=True, slots=True)
class Batch:
    """Patches: ``moved``, ``condition``, descriptors in standard ``units`` ``[n, 9]``, ``tags`` ``[n, 8]``.

    ``sounds`` are posterior means of the VAE ``[n, LATENT]``; NaN where a patch was not heard.
    """

    moved: Tensor
    condition: Tensor
    units: Tensor
    tags: Tensor
    sounds: Tensor


class Objective(nn.Module):
    """The loss of a flow; holds what is trained beside it, the linear map of the Flow_reg link."""

    costs: Tensor

    def __init__(
        self,
        surrogate: Surrogate,
        dimensions: int,
        weights: Weights | None = None,
        costs: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.register_buffer("costs", torch.ones(_COUNT, dimensions) if costs is None else costs)
        self.weights = weights or Weights()
        self.link = nn.Linear(dimensions, LATENT)
        self._surrogate = [surrogate]  # in a list: not a submodule, not trained

    def forward(self, flow: MacroFlow, batch: Batch) -> dict[str, Tensor]:
        """Every term, unweighted, by its name in `Weights`."""
        blurred = (batch.moved + _BLUR * torch.randn_like(batch.moved)).clamp(0.0, 1.0)
        latent, volume = flow.encode(blurred, batch.condition)
        named = latent[:, :_COUNT]
        heard = ~batch.sounds[:, 0].isnan()
        linked = (self.link(latent[heard]) - batch.sounds[heard]) ** 2
        terms = {
            "nll": (0.5 * latent**2).mean() - volume.mean() / latent.shape[1],
            "link": linked.mean() if len(linked) else latent.new_zeros(()),
            "named": nn.functional.smooth_l1_loss(named, batch.units[:, :_COUNT], beta=0.5),
            "tag": (batch.tags.abs() * (named - TAG_MEAN * batch.tags) ** 2).mean() / (2 * TAG_SPREAD**2),
        }
        return {**terms, **self._sweep(flow, batch)}

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """The weighted sum."""
        return torch.stack([getattr(self.weights, name) * term for name, term in terms.items()]).sum()

    def _sweep(self, flow: MacroFlow, batch: Batch) -> dict[str, Tensor]:
        count = len(batch.moved)
        latent, _ = flow.encode(batch.moved, batch.condition)
        macro = torch.multinomial(PRACTICE, count, replacement=True)
        low, high = sorted_pair(count)
        rows = torch.arange(count)
        ends = latent.repeat(2, 1)
        ends[torch.cat([rows, count + rows]), macro.repeat(2)] = torch.cat([low, high])
        condition = batch.condition.repeat(2, 1)
        decoded = flow.decode(ends, condition).clamp(-0.2, 1.2)
        surrogate = self._surrogate[0]
        said = surrogate.each(squeeze(decoded), condition).reshape(-1, 2, count, _COUNT + 1)
        start = surrogate.each(batch.moved, batch.condition).detach()
        rise = (said[:, 1] - said[:, 0])[:, rows, macro]
        wanted = STEEPNESS * (high - low)
        drift = said - start[:, None]
        others = torch.ones(count, _COUNT + 1).scatter(1, macro[:, None], 0.0)
        others[:, _COUNT] = 0.0
        moved = decoded.reshape(2, count, -1) - batch.moved
        return {
            "sweep": (torch.relu(wanted - rise) ** 2 / (high - low)).mean(),
            "other": (nn.functional.smooth_l1_loss(drift * others, torch.zeros_like(drift), beta=0.3)),
            "loud": (torch.relu(drift[..., _COUNT].abs() - 0.2) ** 2).clamp(max=9.0).mean(),
            "step": (self.costs[macro] * moved**2).mean(),
        }


def step_costs(surrogate: Surrogate, moved: Tensor, condition: Tensor) -> Tensor:
    """How dear a move of each parameter is under each macro, ``[8, MOVED]``, from 1 to `DEAREST`.

    Cheap is what moves the macro's descriptor more than the others: the share of descriptor k in the
    surrogate's squared gradient over ``moved``. The volume is always cheap: it keeps the loudness.
    """
    variable = moved.clone().requires_grad_(True)
    said = surrogate(variable, condition)
    gradients = [torch.autograd.grad(column.sum(), variable, retain_graph=True)[0] for column in said.T]
    strength = torch.stack(gradients).square().mean(dim=1)
    share = strength[:_COUNT] / (strength.sum(dim=0) + 1e-9)
    costs = 1.0 / (share + _LEAST_SHARE)
    costs = (costs / costs.min(dim=1, keepdim=True).values).clamp(max=DEAREST)
    costs[:, VOLUME] = _VOLUME_COST
    return costs


def sorted_pair(count: int) -> tuple[Tensor, Tensor]:
    """Two knob positions a row, the lower first, at least `_LEAST_MOVE` apart, ``[count]`` each."""
    span = 2 * KNOB_RANGE - _LEAST_MOVE
    first, second = torch.sort(torch.rand(2, count) * span - KNOB_RANGE, dim=0).values
    return first, second + _LEAST_MOVE


def squeeze(decoded: Tensor) -> Tensor:
    """Decoded parameters held within 0-1 with a little slope left outside, for the gradient."""
    inside = decoded.clamp(0.0, 1.0)
    return inside + 0.05 * (decoded - inside)
