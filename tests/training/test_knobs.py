import numpy as np
import numpy.typing as npt
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tsumami.engine.inference.contract import Contract, Latent, ModelParameter, Training
from tsumami.engine.macros import MacroProcessor
from tsumami.training.macros.descriptors import DESCRIPTORS, MACROS
from tsumami.training.macros.knobs import POSITIONS, judge, rank_correlation, sweep_knob, table
from tsumami.training.macros.scaling import RANGE, Scale

Array = npt.NDArray[np.float32]

LOUDNESS = len(MACROS)
UNIT_SCALE = Scale(np.stack([np.full(len(MACROS), end) for end in (-RANGE, RANGE)]))
"""One descriptor unit is one standard deviation."""


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
        return np.asarray(0.5 + latent / 10 + context.sum(), np.float32)

    def encode(self, parameters: Array, context: Array) -> Array:
        return np.asarray((parameters - 0.5) * 10 - context.sum(), np.float32)

    def context_of(self, choices: npt.NDArray[np.int64]) -> Array:
        return np.zeros(len(choices), np.float32)


def rest(patches: int = 2) -> Array:
    return np.zeros((patches, len(DESCRIPTORS)), np.float32)


def sweeps(patches: int = 2) -> Array:
    return np.zeros((patches, POSITIONS, len(DESCRIPTORS)), np.float32)


@given(arrays(np.float64, st.integers(3, 12), elements=st.integers(-4, 4).map(float)))
def test_rank_correlation_is_spearmans(values: npt.NDArray[np.float64]) -> None:
    expected = 0.0
    if np.ptp(values) > 0:
        expected = float(np.corrcoef(np.arange(len(values)), scipy.stats.rankdata(values))[0, 1])
    assert rank_correlation(values) == pytest.approx(expected, abs=1e-12)


def test_a_sweep_goes_through_the_patch_from_end_to_end() -> None:
    patch = np.array([0.25, 0.8], np.float32)
    swept = sweep_knob(MacroProcessor(Straight(), 2), patch, 0)
    assert swept.shape == (POSITIONS, 2)
    np.testing.assert_allclose(swept[:, 0], np.linspace(0, 1, POSITIONS), atol=1e-6)  # float32
    np.testing.assert_array_equal(swept[:, 1], np.full(POSITIONS, patch[1]))


def test_a_knob_that_does_what_it_says_is_monotone_and_its_effect_is_told() -> None:
    described = sweeps()
    described[:, :, 0] = np.linspace(-1, 2, POSITIONS)
    verdict = judge(0, described, rest(), UNIT_SCALE)
    assert (verdict.macro, verdict.monotone, verdict.rising, verdict.steady) == (MACROS[0], 1.0, 1.0, 1.0)
    assert verdict.effect == pytest.approx(3.0)
    assert verdict.effect_units == pytest.approx(3.0)
    np.testing.assert_allclose(verdict.others, [2.0, *[0.0] * 8])


def test_only_patches_on_which_it_rises_count() -> None:
    described = sweeps()
    described[0, :, 2] = np.linspace(0, 1, POSITIONS)
    described[1, :, 2] = np.linspace(1, 0, POSITIONS)
    assert judge(2, described, rest(), UNIT_SCALE).monotone == 0.5


def test_a_single_step_back_is_monotone_but_not_rising() -> None:
    described = sweeps(1)
    described[0, :, 1] = np.arange(POSITIONS)
    described[0, 4:6, 1] = described[0, [5, 4], 1]
    verdict = judge(1, described, rest(1), UNIT_SCALE)
    assert (verdict.monotone, verdict.rising) == (1.0, 0.0)


def test_a_knob_that_hardly_moves_anything_does_not_count() -> None:
    described = sweeps()
    described[:, :, 0] = np.linspace(0, 0.01, POSITIONS)
    verdict = judge(0, described, rest(), UNIT_SCALE)
    assert (verdict.monotone, verdict.rising) == (0.0, 0.0)


def test_what_a_knob_should_not_move_is_told() -> None:
    described = sweeps()
    described[:, :, 0] = np.linspace(0, 1, POSITIONS)
    described[:, 3, 5] = -0.75
    described[0, 2, LOUDNESS] = 7.0
    verdict = judge(0, described, rest(), UNIT_SCALE)
    assert verdict.others[5] == pytest.approx(0.75)
    assert verdict.others[LOUDNESS] == pytest.approx(3.5)
    assert verdict.steady == 0.5


def test_the_table_has_a_line_a_macro() -> None:
    verdicts = [judge(macro, sweeps(), rest(), UNIT_SCALE) for macro in range(len(MACROS))]
    lines = table(verdicts).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == list(MACROS)
    assert len({line.count("|") for line in lines}) == 1
