"""Baselines answer from the training presets alone, and every time the same."""

import numpy as np

from tsumami.plugins.match.mel import BANDS, FRAMES
from tsumami.training.macros.baselines import MeanPreset, NearestPreset

_RNG = np.random.default_rng(1)
MEL = np.exp(_RNG.normal(0, 4, (40, BANDS, FRAMES))).astype(np.float32)
VALUES = _RNG.random((40, 16)).astype(np.float32)


def test_the_nearest_preset_of_a_training_preset_is_itself() -> None:
    nearest = NearestPreset(MEL, VALUES)
    np.testing.assert_array_equal(nearest.rows(MEL), np.arange(len(MEL)))
    np.testing.assert_array_equal(nearest.predict(MEL[::-1]), VALUES[::-1])


def test_the_nearest_preset_is_nearest_in_logarithm() -> None:
    asked = MEL[5:6] * 3.0
    only_loudest = np.where(asked == asked.max(), asked, 0.0)
    assert np.linalg.norm(only_loudest - asked) < np.linalg.norm(MEL[5] - asked), "it is nearer as power"
    nearest = NearestPreset(np.concatenate([MEL[:6], only_loudest]), VALUES[:7])
    np.testing.assert_array_equal(nearest.predict(asked), VALUES[5:6])


def test_silence_has_a_nearest_preset_too() -> None:
    assert NearestPreset(MEL, VALUES).predict(np.zeros_like(MEL[:2])).shape == (2, 16)


def test_the_mean_preset_leaves_the_variance_and_nothing_else() -> None:
    answers = MeanPreset(VALUES).predict(MEL[:7])
    assert answers.dtype == np.float32
    np.testing.assert_array_equal(answers, np.repeat(answers[:1], 7, axis=0))
    error = np.mean((VALUES - answers[:1]) ** 2)
    np.testing.assert_allclose(error, VALUES.var(axis=0).mean(), rtol=1e-5)  # float32
