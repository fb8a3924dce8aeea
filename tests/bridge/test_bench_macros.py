import numpy as np
import pytest

from tsumami.bridge.bench.hand_made import HAND_MADE, sweep_hand_made
from tsumami.bridge.bench.macros import unseen_patches
from tsumami.plugins import PARAMETERS, default_values, load_bank
from tsumami.training.macros.data import make_patches, training_bank
from tsumami.training.macros.descriptors import MACROS


@pytest.mark.parametrize("macro", range(len(MACROS)))
def test_a_hand_made_knob_turns_one_parameter_from_end_to_end(macro: int) -> None:
    patch = default_values()
    swept = sweep_hand_made(patch, macro, 5)
    moved = np.flatnonzero((swept != patch).any(axis=0))
    name, direction = HAND_MADE[macro]
    assert [PARAMETERS[row].name for row in moved] == [name]
    np.testing.assert_array_equal(swept[::direction, moved[0]], np.linspace(0, 1, 5))


def test_the_bench_hears_patches_that_training_does_not() -> None:
    patches = unseen_patches(60)
    names = {patch.values.tobytes(): patch.name for patch in load_bank()}
    of_bank = [patch for patch in patches if patch.tobytes() in names]
    assert 10 <= len(of_bank) < 60
    trained = {patch.values.tobytes() for patch in training_bank()}
    trained |= {patch.tobytes() for chunk in range(3) for patch in make_patches(1, chunk, 50)}
    assert trained.isdisjoint(patch.tobytes() for patch in patches)
    assert len({patch.tobytes() for patch in patches}) == 60
