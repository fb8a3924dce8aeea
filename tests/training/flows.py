"""Flows and patches for tests: no two layers of a flow are near the identity, as after training."""

import numpy as np
import torch
from torch import Tensor

from tsumami.plugins import random_patch
from tsumami.training.macros.flow import MacroFlow
from tsumami.training.macros.layout import Values, split


def patches(count: int, seed: int = 0) -> Values:
    rng = np.random.default_rng(seed)
    return np.stack([random_patch(rng) for _ in range(count)])


def tensors(parameters: Values) -> tuple[Tensor, Tensor]:
    moved, condition = split(parameters)
    return torch.from_numpy(moved), torch.from_numpy(condition)


def stirred_flow(layers: int = 4, hidden: int = 16, seed: int = 0) -> MacroFlow:
    """A flow whose couplings do something."""
    torch.manual_seed(seed)
    flow = MacroFlow(layers, hidden)
    flow.fit_range(tensors(patches(200))[0])
    with torch.no_grad():
        for coupling in flow.couplings.transform.transforms:  # pyright: ignore[reportGeneralTypeIssues]
            coupling.hyper[-1].weight.normal_(std=0.3 / hidden**0.5)
            coupling.hyper[-1].bias.normal_(std=0.1)
    return flow.requires_grad_(False)
