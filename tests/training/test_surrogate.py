import numpy as np
import torch

from tests.training.flows import patches, tensors
from tsumami.training.macros.descriptors import DESCRIPTORS
from tsumami.training.macros.surrogate import Surrogate, explained, fit_surrogate


def test_a_surrogate_learns_what_depends_on_parameters_and_choices() -> None:
    moved, condition = tensors(patches(1000))
    torch.manual_seed(0)
    slope = torch.randn(moved.shape[1], len(DESCRIPTORS)) / 3
    shift = torch.randn(condition.shape[1], len(DESCRIPTORS)) / 3
    targets = torch.tanh((moved - 0.5) @ slope * 3) + condition @ shift
    seen, unseen = slice(0, 850), slice(850, None)
    surrogate = Surrogate(width=32, blocks=1, members=2)
    losses = list(
        fit_surrogate(surrogate, (moved[seen], condition[seen]), targets[seen], steps=250, batch=96)
    )
    assert np.mean(losses[-20:]) < 0.25 * np.mean(losses[:20])
    surrogate.eval()
    assert explained(surrogate, (moved[unseen], condition[unseen]), targets[unseen]).min() > 0.8


def test_its_word_is_the_mean_of_its_members() -> None:
    surrogate = Surrogate(width=8, blocks=1, members=3).eval()
    moved, condition = tensors(patches(5))
    each = surrogate.each(moved, condition)
    assert each.shape == (3, 5, len(DESCRIPTORS))
    torch.testing.assert_close(surrogate(moved, condition), each.mean(dim=0))
