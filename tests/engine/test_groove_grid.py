"""Grids: the tempo, beat and feel that hits speak for, and how sure it is."""

import numpy as np
import numpy.typing as npt
import pytest

from tsumami.engine.errors import SoundError
from tsumami.engine.groove import LANES, Grid, even_grid, given_tempo, known_beats, tracked_tempo
from tsumami.engine.groove.feel import all_feels, straight, swung, triplet

Values = npt.NDArray[np.float64]
Lanes = npt.NDArray[np.int64]

_KICK, _SNARE, _HAT = (LANES.index(lane) for lane in ("kick", "snare", "hat"))


def groove(
    beats: int, places: tuple[float, ...], jitter_ms: float = 5.0, seed: int = 0
) -> tuple[Values, Lanes]:
    """Hats at ``places`` of every beat, kick on 1 and 3, snare on 2 and 4, in beats."""
    rng = np.random.default_rng(seed)
    hits = [(beat + place, _HAT) for beat in range(beats) for place in places]
    hits += [(float(beat), _KICK if beat % 2 == 0 else _SNARE) for beat in range(beats)]
    at, lanes = (np.array(column) for column in zip(*sorted(hits), strict=True))
    return at + rng.normal(0.0, jitter_ms / 500.0, len(at)), lanes.astype(np.int64)


def ordered(times: Values, lanes: Lanes) -> tuple[Values, Lanes]:
    order = np.argsort(times, kind="stable")
    return times[order], lanes[order]


@pytest.mark.parametrize("bpm", [72.0, 96.0, 120.0, 150.0])
def test_a_given_tempo_finds_its_beat(bpm: float) -> None:
    at, lanes = groove(32, (0.0, 0.5))
    times, lanes = ordered(at * 60.0 / bpm + 0.7, lanes)
    grid = given_tempo(times, lanes, bpm)
    off = (grid.beat_seconds - 0.7) * bpm / 60.0
    assert np.abs(off - np.rint(off)).max() < 0.02
    assert grid.bpm == pytest.approx(bpm, rel=1e-6)
    assert grid.beat_confidence > 0.7
    assert not grid.knows_time


@pytest.mark.parametrize("bpm", [84.0, 101.3, 128.0])
def test_a_tempo_is_found(bpm: float) -> None:
    at, lanes = groove(48, (0.0, 0.5))
    times, lanes = ordered(at * 60.0 / bpm + 0.3, lanes)
    assert tracked_tempo(times, lanes).bpm == pytest.approx(bpm, rel=0.003)


def test_a_tempo_that_moves_is_followed() -> None:
    at, lanes = groove(64, (0.0, 0.5), jitter_ms=2.0)
    period = np.interp(np.arange(80), [0, 20, 50, 80], [0.6, 0.6, 0.56, 0.56])
    beat_times = np.concatenate([[0.0], np.cumsum(period)])
    times, lanes = ordered(np.interp(at + 1.0, np.arange(81), beat_times), lanes)
    grid = tracked_tempo(times, lanes, 100.0)
    at_end = grid.beat_seconds[-8:]
    assert np.diff(at_end).mean() == pytest.approx(0.56, rel=0.02)
    nearest = np.abs(grid.beat_seconds[4:-4, None] - beat_times).min(axis=1)
    assert np.median(nearest) < 0.02


@pytest.mark.parametrize(
    ("places", "name", "swung_notes"),
    [
        ((0.0, 0.25, 0.5, 0.75), "straight", 0),
        ((0.0, 1 / 3, 2 / 3), "triplet", 0),
        ((0.0, 0.6), "swing", 2),
        ((0.0, 0.3, 0.5, 0.8), "swing", 4),
    ],
)
def test_the_feel_is_the_one_that_was_played(places: tuple[float, ...], name: str, swung_notes: int) -> None:
    at, lanes = groove(32, places)
    grid = given_tempo(*ordered(at * 0.6 + 1.0, lanes), 100.0)
    assert grid.feel.name == name
    assert grid.feel.swung == swung_notes
    assert grid.confidence > 0.9


def test_a_swing_is_measured() -> None:
    at, lanes = groove(32, (0.0, 0.62), jitter_ms=1.0)
    grid = given_tempo(*ordered(at * 0.6 + 1.0, lanes), 100.0)
    assert grid.feel.swing_ratio == pytest.approx(0.62 / 0.38, rel=0.03)


def test_hits_at_random_are_sure_of_nothing() -> None:
    rng = np.random.default_rng(4)
    times = np.sort(rng.uniform(0.0, 20.0, 60))
    grid = tracked_tempo(times, rng.integers(0, 3, 60))
    assert grid.beat_confidence < 0.5


def test_too_few_hits_are_said() -> None:
    with pytest.raises(SoundError, match="sound must have 8 hits or more for a grid to be found, got 3"):
        given_tempo(np.array([0.0, 0.5, 1.0]), np.zeros(3, np.int64), 120.0)


def test_places_and_seconds_are_inverse() -> None:
    beats = np.cumsum(np.r_[0.2, np.random.default_rng(0).uniform(0.4, 0.7, 20)])
    grid = Grid(beats, straight(), "tracked", 1.0, 1.0)
    places = np.linspace(-2.0, 25.0, 200)
    np.testing.assert_allclose(grid.beat_of(grid.seconds_of(places)), places, atol=1e-9)


def test_a_hit_belongs_to_the_nearest_position() -> None:
    grid = even_grid(120.0, 1.0, 8, straight(), "bpm")
    places, late_ms = grid.place(np.array([1.01, 1.24, 1.4, 0.99]))
    np.testing.assert_allclose(places, [0.0, 0.5, 0.75, 0.0])
    np.testing.assert_allclose(late_ms, [10.0, -10.0, 25.0, -10.0], atol=1e-9)


def test_known_beats_keep_their_time() -> None:
    at, lanes = groove(16, (0.0, 1 / 3, 2 / 3), jitter_ms=0.0)
    beats = np.linspace(0.0, 8.0, 17)
    grid = known_beats(*ordered(at * 0.5, lanes), beats, 2, "reference")
    np.testing.assert_array_equal(grid.beat_seconds, beats)
    assert (grid.feel.name, grid.first_beat, grid.knows_time) == ("triplet", 2, True)


def test_every_feel_has_shares_of_one() -> None:
    for feel in (*all_feels(), straight(), triplet(), swung(2, 0.6)):
        np.testing.assert_allclose(feel.shares.sum(axis=1), 1.0, atol=0.01)
        assert feel.positions[0] == 0.0
        assert list(feel.positions) == sorted(feel.positions)
