import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from tsumami.training.macros.descriptors import DESCRIPTORS, MACROS
from tsumami.training.macros.scaling import LOUDNESS_DB, RANGE, Scale


def skewed(seed: int, count: int = 2000) -> npt.NDArray[np.float32]:
    """Descriptors of many shapes: skewed, wide, and with many equal values."""
    rng = np.random.default_rng(seed)
    values = np.exp(rng.normal(0, 1, (count, len(DESCRIPTORS)))) * 10.0 ** np.arange(len(DESCRIPTORS))
    values[: count // 3, 7] = -4.0
    return np.asarray(values, np.float32)


@given(st.integers(0, 20))
def test_units_are_monotone_in_every_descriptor(seed: int) -> None:
    values = skewed(seed, 400)
    scale = Scale.fit(values)
    ordered = np.sort(values, axis=0)
    assert np.all(np.diff(scale.to_units(ordered), axis=0) >= 0)


def test_macros_become_normally_distributed() -> None:
    values = skewed(3)
    units = Scale.fit(values).to_units(values)[:, : len(MACROS) - 1]
    for share, unit in ((0.0668, -1.5), (0.1587, -1.0), (0.5, 0.0), (0.8413, 1.0), (0.9332, 1.5)):
        # The heights of 41 quantiles come from the same 2,000 values; the spread of one is about 0.04.
        np.testing.assert_allclose(np.quantile(units, share, axis=0), unit, atol=0.08)


def test_units_outlast_the_range_but_not_without_end() -> None:
    values = skewed(4)
    scale = Scale.fit(values)
    far = np.stack([values.max(axis=0) * 100, values.min(axis=0) - 100 * np.ptp(values, axis=0)])
    units = scale.to_units(far)[:, : len(MACROS)]
    np.testing.assert_allclose(units[0], RANGE + 1)
    np.testing.assert_allclose(units[1], -RANGE - 1)


def test_loudness_is_only_divided() -> None:
    values = skewed(5)
    np.testing.assert_allclose(
        Scale.fit(values).to_units(values)[:, -1], values[:, -1] / LOUDNESS_DB, rtol=1e-6
    )


def test_a_descriptor_that_never_changes_gives_finite_units() -> None:
    values = np.full((50, len(DESCRIPTORS)), 3.0, np.float32)
    assert np.isfinite(Scale.fit(values).to_units(values)).all()
