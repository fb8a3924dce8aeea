"""Deviation: what was put in is what is told, bias and spread apart, lane by lane."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.engine.errors import SoundError
from tsumami.engine.groove import HIT_DTYPE, LANES, Grid, align, even_grid, lean, lean_on_reference, summary
from tsumami.engine.groove.detector import Hits
from tsumami.engine.groove.feel import straight, swung

_RATE = 48_000


def hits_at(seconds: list[float], lanes: list[str], strength_db: list[float] | None = None) -> Hits:
    hits = np.zeros(len(seconds), HIT_DTYPE)
    hits["sample"] = np.array(seconds) * _RATE
    hits["lane"] = [LANES.index(lane) for lane in lanes]
    hits["strength_db"] = strength_db or [-20.0] * len(seconds)
    hits["confidence"] = 0.9
    return hits


def eighths(beats: int, late_ms: float = 0.0, spread_ms: float = 0.0) -> list[float]:
    late = np.random.default_rng(1).normal(late_ms, spread_ms or 1e-9, 2 * beats) / 1000.0
    return [1.0 + eighth * 0.25 + float(late[eighth]) for eighth in range(2 * beats)]


def grid_120(beats: int = 40) -> Grid:
    return even_grid(120.0, 1.0, beats, straight(), "reference")


@given(st.floats(-40.0, 40.0))
def test_an_offset_of_all_hits_is_the_bias(offset_ms: float) -> None:
    found = summary(lean(hits_at(eighths(16, offset_ms), ["hat"] * 32), _RATE, grid_120()))
    assert found["bias_ms"] == pytest.approx(offset_ms, abs=0.02)
    assert found["spread_ms"] == pytest.approx(0.0, abs=0.02)


def test_bias_and_spread_are_apart() -> None:
    found = summary(lean(hits_at(eighths(400, 7.0, 10.0), ["snare"] * 800), _RATE, grid_120(400)))
    assert found["bias_ms"] == pytest.approx(7.0, abs=1.3), "the median of 800 normal deviates, three sigma"
    assert found["spread_ms"] == pytest.approx(10.0, abs=1.0)


def test_lanes_and_positions_lean_each_for_itself() -> None:
    seconds = sorted([*eighths(16, -8.0)[::2], *eighths(16, 12.0)[1::2]])
    lanes = ["kick", "snare"] * 16
    found = summary(lean(hits_at(seconds, lanes), _RATE, grid_120()))
    assert found["lanes"]["kick"]["bias_ms"] == pytest.approx(-8.0, abs=0.01)
    assert found["lanes"]["snare"]["bias_ms"] == pytest.approx(12.0, abs=0.01)
    by_position = {row["position"]: row for row in found["positions"]}
    assert by_position[0.0]["bias_ms"] == pytest.approx(-8.0, abs=0.01)
    assert by_position[0.5]["lanes"]["snare"]["hits"] == 16
    assert by_position[0.25]["hits"] == 0
    assert found["bars"][0]["hits"] == 8


def test_no_bias_is_claimed_where_the_grid_is_that_of_the_hits() -> None:
    grid = Grid(grid_120().beat_seconds, straight(), "tracked", 1.0, 1.0)
    assert summary(lean(hits_at(eighths(16, 20.0), ["hat"] * 32), _RATE, grid))["bias_ms"] is None


def test_a_drift_is_told_a_minute() -> None:
    seconds = [time * 1.0005 for time in eighths(100)]
    found = summary(lean(hits_at(seconds, ["hat"] * 200), _RATE, grid_120(100)))
    assert found["drift_ms_per_minute"] == pytest.approx(30.0, abs=0.5)


def test_the_swing_that_was_played_is_told() -> None:
    seconds = [1.0 + beat * 0.5 + place * 0.5 for beat in range(16) for place in (0.0, 0.63)]
    for feel in (straight(), swung(2, 0.6)):
        grid = even_grid(120.0, 1.0, 20, feel, "bpm")
        found = summary(lean(hits_at(seconds, ["hat"] * 32), _RATE, grid))
        if feel.swung:
            assert found["swing_ratio"] == pytest.approx(0.63 / 0.37, abs=0.02)


def test_soft_snares_are_ghost_notes() -> None:
    seconds = eighths(16)
    strength = [-10.0, -26.0] * 16
    found = summary(lean(hits_at(seconds, ["snare"] * 32, strength), _RATE, grid_120()))
    assert found["ghost_notes"] == 16
    hats = summary(lean(hits_at(seconds, ["hat"] * 32, strength), _RATE, grid_120()))
    assert hats["ghost_notes"] == 0


def test_a_stray_hit_is_less_sure() -> None:
    seconds = [*eighths(16, 0.0, 3.0), 9.5 + 0.0625]
    leaning = lean(hits_at(seconds, ["hat"] * 33), _RATE, grid_120())
    assert leaning.confidence[-1] < 0.3 < 0.7 < np.median(leaning.confidence)


@pytest.mark.parametrize("lag", [0.0, 3.3, -2.1])
def test_a_reference_is_found_where_it_begins(lag: float) -> None:
    rng = np.random.default_rng(5)
    meant = np.sort(rng.uniform(3.0, 23.0, 80))
    lanes = rng.integers(0, 3, 80)
    played = meant + lag + 0.012
    found = align(played, lanes, meant, lanes)
    assert found.lag_seconds == pytest.approx(lag + (0.012 if lag else 0.0), abs=0.004)
    assert len(found.pairs) > 75
    leaning = lean_on_reference(
        hits_at(played.tolist(), [LANES[lane] for lane in lanes]), _RATE,
        grid_120(60).later(found.lag_seconds), found, meant, np.arange(80.0),
    )  # fmt: skip
    bias = summary(leaning)["bias_ms"]
    assert bias is None if lag else bias == pytest.approx(12.0, abs=0.1)


def test_a_reference_of_something_else_is_said() -> None:
    rng = np.random.default_rng(6)
    times = np.sort(rng.uniform(0.0, 5.0, 40))
    with pytest.raises(SoundError, match="reference must be of the same performance"):
        align(times, np.zeros(40, np.int64), np.array([0.1, 55.0, 90.0, 120.0]), np.ones(4, np.int64))
