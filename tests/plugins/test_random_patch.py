"""Random patches: valid, audible, varied, repeatable."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsumami.engine.errors import ParameterError
from tsumami.plugins import (
    CATEGORIES,
    PARAMETERS,
    default_values,
    load_bank,
    random_patch,
    render_patch,
    vary_patch,
)
from tsumami.plugins.builtin.random_patch import RECIPES


def render(values: np.ndarray) -> np.ndarray:
    return render_patch(values, hold_seconds=1.5, length_seconds=2.0)


def test_nearly_all_are_audible_and_none_is_broken() -> None:
    rng = np.random.default_rng(7)
    peaks = []
    for _ in range(200):
        out = render(random_patch(rng))
        assert np.isfinite(out).all()
        peaks.append(np.abs(out).max())
    assert np.mean(np.array(peaks) > 10 ** (-40 / 20)) >= 0.98
    assert np.mean(np.array(peaks) < 1.0) >= 0.98


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_has_a_recipe_that_sounds(category: str) -> None:
    rng = np.random.default_rng(11)
    peaks = [np.abs(render(random_patch(rng, category))).max() for _ in range(15)]
    assert np.median(peaks) > 10 ** (-30 / 20)


def test_recipes_name_parameters_and_stay_in_their_range() -> None:
    table = {parameter.name: parameter for parameter in PARAMETERS}
    for recipe in RECIPES.values():
        for name, rule in recipe.items():
            if table[name].choices:
                assert set(rule) <= set(table[name].choices)
            else:
                low, high = (float(limit) for limit in rule)
                assert table[name].minimum <= low <= high <= table[name].maximum


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_positions_are_valid_and_repeatable(seed: int) -> None:
    values = random_patch(np.random.default_rng(seed))
    assert values.dtype == np.float32
    assert values.shape == (len(PARAMETERS),)
    assert ((values >= 0) & (values <= 1)).all()
    assert np.array_equal(values, random_patch(np.random.default_rng(seed)))


def test_patches_differ() -> None:
    rng = np.random.default_rng(5)
    values = np.stack([random_patch(rng) for _ in range(100)])
    assert (values[:, :32].std(axis=0) > 0.05).sum() >= 30


def test_an_unknown_category_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"category must be one of bass, .* got 'brass'"):
        random_patch(np.random.default_rng(0), "brass")


@given(st.floats(0, 1), st.integers(0, 75), st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_variations_are_valid_and_near(amount: float, index: int, seed: int) -> None:
    patch = load_bank()[index].values
    varied = vary_patch(patch, np.random.default_rng(seed), amount)
    assert ((varied >= 0) & (varied <= 1)).all()
    moved = np.abs(varied[:32] - patch[:32]).mean()
    assert moved < 0.05 + 0.15 * amount


def test_variations_of_the_bank_sound() -> None:
    rng = np.random.default_rng(2)
    peaks = [np.abs(render(vary_patch(patch.values, rng, 0.5))).max() for patch in load_bank()]
    assert np.mean(np.array(peaks) > 10 ** (-40 / 20)) >= 0.97


def test_a_bad_amount_is_refused() -> None:
    with pytest.raises(ParameterError, match="amount must be within 0-1, got 2"):
        vary_patch(default_values(), np.random.default_rng(0), 2.0)
