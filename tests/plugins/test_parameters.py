"""The parameter table is the contract of the built-in synthesizer."""

import numpy as np
import pytest

from tsumami.engine.jit import kernel
from tsumami.plugins import CONTINUOUS, PARAMETERS, default_values
from tsumami.plugins.builtin.smoothing import resting_pitch, value_at


def test_32_continuous_rows_come_first() -> None:
    assert CONTINUOUS == 32
    assert [parameter.is_discrete for parameter in PARAMETERS] == [False] * 32 + [True] * (
        len(PARAMETERS) - 32
    )
    assert len({parameter.name for parameter in PARAMETERS}) == len(PARAMETERS)


def test_the_context_of_a_model_stays_small() -> None:
    assert sum(len(parameter.choices) for parameter in PARAMETERS) <= 32


def test_defaults_come_back() -> None:
    for parameter, position in zip(PARAMETERS, default_values(), strict=True):
        assert parameter.to_unit(float(position)) == pytest.approx(parameter.default, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("row", range(len(PARAMETERS)))
def test_kernels_read_the_table_as_python_does(row: int) -> None:
    parameter = PARAMETERS[row]
    for position in np.linspace(0, 1, 12):  # elevenths: never halfway between two choices
        assert value_at(row, position) == pytest.approx(parameter.to_unit(position), rel=1e-9, abs=1e-9)


@kernel
def _rest(pitch: float) -> float:
    return resting_pitch(pitch)


def test_resting_pitch_rises_and_keeps_whole_semitones() -> None:
    pitches = np.linspace(-24, 24, 2001)
    rested = np.array([_rest(pitch) for pitch in pitches])
    assert np.all(np.diff(rested) >= -1e-12)
    assert np.abs(rested - pitches).max() < 0.4
    assert all(_rest(float(whole)) == whole for whole in range(-24, 25))
