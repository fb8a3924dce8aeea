import pytest
import torch

from tests.training.flows import patches, tensors
from tsumami.plugins import PARAMETERS
from tsumami.training.macros.layout import CONDITION, MOVED, PINNED
from tsumami.training.macros.physics import DERIVED, derive

NAMES = [PARAMETERS[row].name for row in MOVED]


def changed_by(name: str, **choices: str) -> int:
    """How many derived quantities a parameter moves in a patch with such choices."""
    whole = patches(1, seed=4)
    for parameter, choice in choices.items():
        row = next(row for row, each in enumerate(PARAMETERS) if each.name == parameter)
        whole[0, row] = PARAMETERS[row].from_unit(PARAMETERS[row].choices.index(choice))
    moved, condition = tensors(whole)
    turned = moved.clone()
    turned[:, NAMES.index(name)] = 0.9
    moved[:, NAMES.index(name)] = 0.2
    return int((derive(moved, condition) != derive(turned, condition)).sum())


def test_quantities_are_of_moderate_size_and_have_finite_slopes() -> None:
    torch.manual_seed(0)
    moved = (1.02 * torch.rand(200, len(MOVED)) - 0.01).requires_grad_(True)
    derived = derive(moved, tensors(patches(200))[1])
    assert derived.shape == (200, DERIVED)
    assert float(derived.detach().abs().max()) < 20
    (slopes,) = torch.autograd.grad(derived.sum(), moved)
    assert torch.isfinite(slopes).all()


@pytest.mark.parametrize("name", ["volume", "amp_release", "filter_release"])
def test_what_a_held_note_does_not_hear_moves_nothing(name: str) -> None:
    assert changed_by(name) == 0


@pytest.mark.parametrize("name", ["cutoff", "lfo1_depth", "amp_decay", "noise_level", "width"])
def test_what_it_hears_moves_something(name: str) -> None:
    assert changed_by(name) > 2


def test_choices_decide_what_a_parameter_does() -> None:
    neither = changed_by("pulse_width", osc1_wave="saw", osc2_wave="sine")
    both = changed_by("pulse_width", osc1_wave="pulse", osc2_wave="pulse")
    assert (neither, both) == (0, 2)


def test_the_condition_has_the_length_that_is_expected() -> None:
    assert tensors(patches(1))[1].shape[1] == CONDITION
    assert len(PINNED) < CONDITION
