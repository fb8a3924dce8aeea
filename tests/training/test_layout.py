import numpy as np

from tests.training.flows import patches
from tsumami.plugins import CONTINUOUS, PARAMETERS
from tsumami.training.macros.descriptors import MACROS
from tsumami.training.macros.layout import (
    CONTEXT,
    LATENTS,
    MOVED,
    PINNED,
    PINNED_NAMES,
    context_of,
    replace_moved,
    split,
)


def test_moved_and_pinned_parameters_are_all_continuous_ones() -> None:
    assert sorted([*MOVED, *PINNED]) == list(range(CONTINUOUS))
    assert tuple(PARAMETERS[row].name for row in PINNED) == PINNED_NAMES


def test_the_macros_come_first_and_names_are_unique() -> None:
    assert LATENTS[: len(MACROS)] == MACROS
    assert len(set(LATENTS)) == len(LATENTS) == CONTINUOUS


def test_every_choice_has_its_place_in_the_context() -> None:
    whole = patches(50)
    contexts = context_of(whole)
    assert contexts.shape == (50, CONTEXT)
    for patch, context in zip(whole, contexts, strict=True):
        start = 0
        for row in range(CONTINUOUS, len(PARAMETERS)):
            count = len(PARAMETERS[row].choices)
            expected = np.zeros(count)
            expected[round(PARAMETERS[row].to_unit(float(patch[row])))] = 1
            np.testing.assert_array_equal(context[start : start + count], expected)
            start += count


def test_parameters_split_come_back_together() -> None:
    whole = patches(20)
    moved, condition = split(whole)
    np.testing.assert_array_equal(condition[:, : len(PINNED)], whole[:, PINNED])
    np.testing.assert_array_equal(replace_moved(whole, moved), whole)
    changed = replace_moved(whole, 2 * moved - 0.5)
    assert np.all((changed >= 0) & (changed <= 1))
    kept = [*PINNED, *range(CONTINUOUS, len(PARAMETERS))]
    np.testing.assert_array_equal(changed[:, kept], whole[:, kept])
