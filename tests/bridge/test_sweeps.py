import numpy as np
import numpy.typing as npt
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tsumami.bridge.bench.sweeps import (
    ONE_PARAMETER,
    judge,
    rank_correlation,
    turn_learned,
    turn_one_parameter,
)
from tsumami.engine.contract import Contract, Latent, ModelParameter, Training
from tsumami.engine.macros import MacroProcessor
from tsumami.plugins import PARAMETERS, default_values

Array = npt.NDArray[np.float32]

POSITIONS = np.linspace(0, 1, 5, dtype=np.float32)


class Straight:
    """A decoder that is nothing but a scale: parameter i is 0.5 + latent i / 10."""

    contract = Contract(
        name="straight",
        kind="macros",
        sample_rate=22050,
        training=Training("none", "0", "pytest", 0),
        parameters=(ModelParameter("cutoff"), ModelParameter("decay")),
        latents=(Latent("bright", "dark", "bright", -5, 5), Latent("long", "short", "long", -5, 5)),
    )

    def decode(self, latent: Array, context: Array) -> Array:
        return np.asarray(0.5 + latent / 10 + 0 * context.sum(), np.float32)

    def encode(self, parameters: Array, context: Array) -> Array:
        return np.asarray((parameters - 0.5) * 10 + 0 * context.sum(), np.float32)

    def context_of(self, choices: npt.NDArray[np.int64]) -> Array:
        return np.zeros(len(choices), np.float32)


@given(arrays(np.float64, st.integers(3, 12), elements=st.integers(-4, 4).map(float)))
def test_rank_correlation_is_spearmans(values: npt.NDArray[np.float64]) -> None:
    expected = 0.0
    if np.ptp(values) > 0:
        expected = float(scipy.stats.spearmanr(np.arange(len(values)), values)[0])
    assert float(rank_correlation(values)) == pytest.approx(expected, abs=1e-12)


def test_a_learned_knob_sweeps_through_the_patch_itself() -> None:
    patch = np.array([0.3, 0.8], np.float32)
    stops = turn_learned(MacroProcessor(Straight(), 2))(patch, 0, POSITIONS)
    assert stops[2].tobytes() == patch.tobytes()
    np.testing.assert_allclose(stops[:, 0], [0.0, 0.15, 0.3, 0.65, 1.0], atol=1e-6)  # float32
    np.testing.assert_array_equal(stops[:, 1], np.full(5, patch[1]))


@pytest.mark.parametrize("macro", range(len(ONE_PARAMETER)))
def test_a_hand_made_knob_turns_one_parameter_from_end_to_end(macro: int) -> None:
    patch = default_values()
    stops = turn_one_parameter(patch, macro, POSITIONS)
    moved = np.flatnonzero((stops != patch).any(axis=0))
    name, direction = ONE_PARAMETER[macro]
    assert [PARAMETERS[row].name for row in moved] == [name]
    assert np.all(np.diff(stops[:, moved[0]]) * direction >= 0)
    assert stops[2, moved[0]] == patch[moved[0]]
    assert sorted(stops[[0, -1], moved[0]]) == [0, 1]


def test_sweeps_are_judged_by_their_own_descriptor() -> None:
    measured = np.zeros((2, 2, 3, 3))  # patches, macros, stops, descriptors
    measured[:, 0, :, 0] = [0.0, 1.0, 4.0]  # knob 0 does what it says on both patches
    measured[0, 1, :, 1] = [0.0, 1.0, 2.0]  # knob 1 on one of them
    measured[1, 1, :, 1] = [2.0, 1.0, 0.0]
    measured[:, 1, :, 0] = [0.0, 5.0, 6.0]  # and it moves the other's descriptor
    judgement = judge(measured, np.array([2.0, 1.0, 1.0]))
    np.testing.assert_array_equal(judgement.monotone, [1.0, 0.5])
    np.testing.assert_array_equal(judgement.steady, [1.0, 0.5])
    np.testing.assert_array_equal(judgement.strict, [1.0, 0.5])
    np.testing.assert_array_equal(judgement.effect, [4.0, 0.0])
    np.testing.assert_array_equal(judgement.movement, [[2.0, 0.0, 0.0], [3.0, 2.0, 0.0]])
    np.testing.assert_array_equal(judgement.others, [0.0, 3.0])


def test_a_step_back_within_the_tolerance_is_steady_but_not_strict() -> None:
    measured = np.array([0.0, 1.0, 0.96, 3.0]).reshape(1, 1, 4, 1)
    judgement = judge(measured, np.ones(1))
    assert judgement.steady[0] == 1
    assert judgement.strict[0] == 0
