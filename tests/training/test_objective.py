"""The objective over a surrogate whose descriptors are parameters, so that the right knob is known."""

import numpy as np
import torch
from torch import Tensor

from tests.training.flows import patches, tensors
from tsumami.training.macros.descriptors import DESCRIPTORS, MACROS
from tsumami.training.macros.flow import MacroFlow
from tsumami.training.macros.objective import Batch, Objective, sorted_pair, squeeze
from tsumami.training.macros.scaling import RANGE
from tsumami.training.macros.surrogate import Surrogate
from tsumami.training.macros.vae import LATENT


class FirstParameters(Surrogate):
    """Descriptor k is parameter k, from -2.5 to 2.5; loudness never changes."""

    def each(self, moved: Tensor, condition: Tensor) -> Tensor:
        named = 2 * RANGE * (moved[:, : len(MACROS)] - 0.5)
        return torch.cat([named, 0 * condition[:, :1]], dim=1)[None]


def batch_of(count: int, surrogate: Surrogate) -> Batch:
    moved, condition = tensors(patches(count))
    sounds = torch.full((count, LATENT), torch.nan)
    return Batch(moved, condition, surrogate(moved, condition), torch.zeros(count, len(MACROS)), sounds)


def test_training_makes_knobs_of_what_a_surrogate_says() -> None:
    torch.manual_seed(0)
    surrogate = FirstParameters(8, 1, 1)
    batch = batch_of(256, surrogate)
    flow = MacroFlow(4, 32)
    flow.fit_range(batch.moved)
    objective = Objective(surrogate, batch.moved.shape[1])
    optimiser = torch.optim.Adam([*flow.parameters(), *objective.parameters()], lr=3e-3)
    losses = []
    for _ in range(100):
        loss = objective.total(objective(flow, batch))
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-10:]) < 0.5 * np.mean(losses[:10])
    with torch.inference_mode():
        latent, _ = flow.encode(batch.moved, batch.condition)
        for macro in range(len(MACROS)):
            ends = []
            for position in (-1.5, 1.5):
                turned = latent.clone()
                turned[:, macro] = position
                ends.append(surrogate(squeeze(flow.decode(turned, batch.condition)), batch.condition))
            assert ((ends[1] - ends[0])[:, macro] > 0.5).float().mean() > 0.95, MACROS[macro]


def test_every_term_is_weighted_and_finite() -> None:
    surrogate = FirstParameters(8, 1, 1)
    batch = batch_of(16, surrogate)
    objective = Objective(surrogate, batch.moved.shape[1])
    flow = MacroFlow(2, 8)
    flow.fit_range(batch.moved)
    terms = objective(flow, batch)
    assert all(hasattr(objective.weights, name) for name in terms)
    assert all(torch.isfinite(term) for term in terms.values())
    assert terms["link"] == 0  # none of these was heard
    assert not any(
        parameter.requires_grad and parameter.grad is not None for parameter in surrogate.parameters()
    )


def test_tags_pull_their_latents_to_their_side() -> None:
    surrogate = FirstParameters(8, 1, 1)
    untagged = batch_of(16, surrogate)
    objective = Objective(surrogate, untagged.moved.shape[1])
    flow = MacroFlow(2, 8)
    flow.fit_range(untagged.moved)
    tags = torch.zeros(16, len(MACROS))
    tags[:, 2] = 1.0
    tagged = Batch(untagged.moved, untagged.condition, untagged.units, tags, untagged.sounds)
    assert objective(flow, untagged)["tag"] == 0
    torch.manual_seed(3)  # parameters are blurred by noise
    before = objective(flow, tagged)["tag"]
    with torch.no_grad():
        latent, _ = flow.encode(tagged.moved, tagged.condition)
        flow.mean[2] -= 0.5 * flow.spread[2] * torch.sign(1.0 - latent[:, 2].mean())
    torch.manual_seed(3)
    assert objective(flow, tagged)["tag"] < before


def test_sweeps_go_upwards_within_the_range() -> None:
    low, high = sorted_pair(1000)
    assert float((high - low).min()) >= 0.25 - 1e-6
    assert float(low.min()) >= -RANGE
    assert float(high.max()) <= RANGE + 1e-6


def test_squeezed_parameters_keep_a_slope_outside() -> None:
    decoded = torch.linspace(-0.2, 1.2, 57, requires_grad=True)
    inside = squeeze(decoded)
    assert float(inside.min().detach()) >= -0.01 - 1e-6
    assert float(inside.max().detach()) <= 1.01 + 1e-6
    (gradient,) = torch.autograd.grad(inside.sum(), decoded)
    assert float(gradient.min()) > 0
    assert len(DESCRIPTORS) == len(MACROS) + 1
