"""Parameters: positions and units are inverse to each other, and read well."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.engine import Parameter, ParameterError

_ROWS = (
    Parameter("cutoff", 20.0, 18000.0, "Hz", 2400.0, "exponential"),
    Parameter("mix", 0.0, 1.0, "", 0.5),
    Parameter("level", -36.0, 6.0, "dB", -9.0),
    Parameter("depth", 0.0, 60.0, "cent", 0.0, "square"),
    Parameter("glide", 0.0, 2.0, "s", 0.0, "cubic"),
)
_WAVE = Parameter("wave", 0, 2, "", 1, "discrete", ("saw", "pulse", "sine"))


@given(st.sampled_from(_ROWS), st.floats(0, 1))
def test_a_position_comes_back_from_its_unit(row: Parameter, position: float) -> None:
    value = row.to_unit(position)
    assert row.minimum <= value <= row.maximum * (1 + 1e-12)
    assert row.to_unit(row.from_unit(value)) == pytest.approx(value, rel=1e-9, abs=1e-9)


@given(st.sampled_from((*_ROWS, _WAVE)), st.floats(-1e6, 1e6))
def test_what_is_out_of_range_is_clipped(row: Parameter, value: float) -> None:
    assert 0 <= row.from_unit(value) <= 1
    assert row.minimum <= row.to_unit(value) <= row.maximum * (1 + 1e-12)


@given(st.sampled_from(_ROWS), st.floats(0, 1), st.floats(0, 1))
def test_the_curve_rises(row: Parameter, a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert row.to_unit(low) <= row.to_unit(high)


def test_a_discrete_parameter_snaps_to_its_choices() -> None:
    assert _WAVE.is_discrete
    assert [_WAVE.describe(position) for position in (0.0, 0.2, 0.4, 0.6, 0.9)] == [
        "saw",
        "saw",
        "pulse",
        "pulse",
        "sine",
    ]


def test_values_read_well() -> None:
    assert _ROWS[0].describe(1.0) == "18000 Hz"
    assert _ROWS[2].describe(0.0) == "-36 dB"
    assert _ROWS[1].describe(0.5) == "0.5"


def test_a_row_that_breaks_its_own_rule_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"default of a must be in 0-1, got 2"):
        Parameter("a", 0, 1, "", 2)
    with pytest.raises(ParameterError, match=r"minimum of b must be above 0"):
        Parameter("b", 0, 1, "", 1, "exponential")
