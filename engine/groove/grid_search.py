"""The grid that a performance's hits speak for: tempo, beat and feel, each with how sure it is.

Every candidate tempo and phase is followed through all hits (`tsumami.engine.groove.follow_kernels`); the one
under which the hits are likeliest is taken. Confidence is its share among the candidates, hits counted a
quarter each, because they are not independent of one another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from tsumami.engine.errors import SoundError
from tsumami.engine.groove.feel import (
    Feel,
    all_feels,
    log_evidence,
    log_pattern,
    log_timing,
    priors,
    straight,
    triplet,
)
from tsumami.engine.groove.follow_kernels import follow, smooth
from tsumami.engine.groove.grid import Grid, Source

Values = npt.NDArray[np.float64]
Lanes = npt.NDArray[np.int64]

LOWEST_BPM: Final = 30.0
HIGHEST_BPM: Final = 300.0
FEWEST_HITS: Final = 8
_SLOWEST_BPM, _FASTEST_BPM = 66.0, 215.0
_SPREAD_SECONDS: Final = 0.016
_COARSE_SPREAD_SECONDS: Final = 0.025
_SPREADS_SECONDS: Final = (0.007, 0.011, 0.016, 0.023)
_KNOWN_PATTERN: Final = 1e6
"""Hits that the shares of a feel are known from, to choose among the phases of a tempo …"""
_OPEN_PATTERN: Final = 8.0
"""… and among tempi, of which each makes another pattern of the same hits."""
_TEMPO_STEP: Final = 0.006
_PHASES: Final = 24
_LOOK_SECONDS: Final = 8.0
_CANDIDATES: Final = 12
_HIT_WEIGHT: Final = 0.25
_REPEAT_SECONDS: Final = 0.03
_REPEAT_WEIGHT: Final = 1.0
_BEAT_TRUST: Final = 0.4
"""How much of the evidence counts for how sure the beats are: set so that they are right as often as told."""
_FEEL_ODDS: Final = {"straight": 0.8, "triplet": 0.03, "swing": 0.1}
_SWING_ODDS: Final = 0.02
"""Of any one swing beside straight, before anything is heard."""
_FOLLOW: Final = (0.012, 0.002, 0.003)
"""Deviations of the period, and of its and the beat's change from beat to beat, in shares of a period."""


@dataclass(frozen=True, slots=True)
class _Followed:
    """A candidate followed through all hits: beats, and how likely the hits are under it."""

    beats: Values
    feel: Feel
    likelihood: float


def given_tempo(times: Values, lanes: Lanes, bpm: float) -> Grid:
    """The grid of hits played to a steady tempo of ``bpm``; the phase is found.

    Raises `SoundError` where there are fewer than `FEWEST_HITS`.
    """
    _check(times)
    period = 60.0 / bpm
    phases = _phases(times, lanes, period)
    followed = [
        _follow(times, lanes, feel, phase, period, is_free=False)
        for feel in (straight(), triplet())
        for phase in phases
    ]

    def refollow(best: _Followed, feel: Feel) -> _Followed:
        return _follow(times, lanes, feel, float(best.beats[0]), period, is_free=False)

    return replace(_grid(times, lanes, followed, refollow), source="bpm")


def tracked_tempo(times: Values, lanes: Lanes, near_bpm: float | None = None) -> Grid:
    """The grid of hits whose tempo is found, near ``near_bpm`` if given, and followed where it moves.

    Raises `SoundError` where there are fewer than `FEWEST_HITS`.
    """
    _check(times)
    followed = [
        _follow(times, lanes, feel, phase, period, is_free=True)
        for period, phase, feel in _candidates(times, lanes, near_bpm)
    ]

    def refollow(best: _Followed, feel: Feel) -> _Followed:
        period = float(best.beats[1] - best.beats[0])
        return _follow(times, lanes, feel, float(best.beats[0]), period, is_free=True)

    return _grid(times, lanes, followed, refollow)


def known_beats(times: Values, lanes: Lanes, beat_seconds: Values, first_beat: int, source: Source) -> Grid:
    """The grid of beats that are known; only the feel is found, from hits meant for them."""
    followed = [_judged(times, lanes, beat_seconds, feel) for feel in (straight(), triplet())]
    grid = _grid(times, lanes, followed)
    return replace(grid.in_bars(first_beat, 1.0), source=source, beat_confidence=1.0, knows_time=True)


def _check(times: Values) -> None:
    if len(times) < FEWEST_HITS:
        raise SoundError(
            f"sound must have {FEWEST_HITS} hits or more for a grid to be found, got {len(times)}; "
            "--reference FILE.mid gives one"
        )


def _phases(times: Values, lanes: Lanes, period: float) -> list[float]:
    """Where beat 0 may be: the likeliest phase, and those a quarter, a half and a third beside it."""
    grid = np.arange(96) / 96
    scores = _phase_scores(times, lanes, np.array([period]), grid, straight(), _COARSE_SPREAD_SECONDS)[0]
    best = float(grid[scores.argmax()])
    shifts = (0.0, 0.25, 0.5, 0.75, 1 / 3, 2 / 3)
    return [float(times[0] - ((times[0] / period - best - shift) % 1.0) * period) for shift in shifts]


def _phase_scores(
    times: Values, lanes: Lanes, periods: Values, phases: Values, feel: Feel, spread: float
) -> Values:
    """Mean log evidence ``[periods, phases]`` of hits over a short time."""
    scores = np.empty((len(periods), len(phases)))
    for index, period in enumerate(periods):
        at = times[None, :] / period - phases[:, None]
        scores[index] = log_evidence(at, lanes, feel, spread / period).mean(axis=1)
    return scores


def _candidates(times: Values, lanes: Lanes, near_bpm: float | None) -> list[tuple[float, float, Feel]]:
    """Periods, times of beat 0 and feels that the first seconds speak for."""
    is_early = times < times[0] + _LOOK_SECONDS
    is_early[: 4 * FEWEST_HITS] = True
    early, early_lanes = times[is_early] - times[0], lanes[is_early]
    low, high = (_SLOWEST_BPM, _FASTEST_BPM) if near_bpm is None else (near_bpm * 0.92, near_bpm * 1.08)
    tempi = np.exp(np.arange(np.log(low), np.log(high), _TEMPO_STEP))
    phases = np.arange(_PHASES) / _PHASES
    found = []
    for feel in (straight(), triplet()):
        scores = _phase_scores(early, early_lanes, 60.0 / tempi, phases, feel, _COARSE_SPREAD_SECONDS)
        scores = scores * len(early) * _HIT_WEIGHT + _tempo_prior(tempi)[:, None]
        for _ in range(_CANDIDATES):
            row, column = np.unravel_index(int(scores.argmax()), scores.shape)
            period = 60.0 / float(tempi[row])
            phase = float(phases[column]) * period + float(times[0])
            phase -= np.ceil((phase - times[0]) / period - 1e-9) * period
            found.append((float(scores[row, column]), period, phase, feel))
            beside = np.abs(tempi / tempi[row] - 1.0) < 3 * _TEMPO_STEP
            apart = np.abs((phases - phases[column] + 0.5) % 1.0 - 0.5)
            scores[np.ix_(beside, apart < 2.5 / _PHASES)] = -np.inf
    return [(period, phase, feel) for _, period, phase, feel in sorted(found, key=lambda one: -one[0])]


def _tempo_prior(bpm: Values) -> Values:
    octaves = np.log2(bpm / priors()["bpm"]) / priors()["bpm_spread_octaves"]
    return np.asarray(-0.5 * np.square(octaves))


def _follow(
    times: Values, lanes: Lanes, feel: Feel, first_beat: float, period: float, *, is_free: bool
) -> _Followed:
    """Follow the hits from a first beat and a period; a tempo that is not free stays as it is."""
    width, walk, drift = (share * period for share in (_FOLLOW if is_free else (0.0, 0.0, 0.0)))
    settings = np.array([_SPREAD_SECONDS, 0.05 * period, width, drift, walk])
    rows = np.zeros((int((times[-1] - first_beat) / (0.5 * period)) + 4, 8))
    positions = np.array(feel.positions)
    count = follow(times, lanes, positions, feel.shares, first_beat, period, settings, rows)
    smooth(rows, count)
    beats = rows[:count, 0] if count > 1 else np.array([first_beat, first_beat + period])
    beats = np.concatenate([beats, [2 * beats[-1] - beats[-2]]])
    return _judged(times, lanes, beats, feel, _OPEN_PATTERN if is_free else _KNOWN_PATTERN)


def _judged(
    times: Values, lanes: Lanes, beats: Values, feel: Feel, trust: float = _OPEN_PATTERN
) -> _Followed:
    """How likely the hits are on such beats, with the spread that suits them."""
    n = np.clip(np.searchsorted(beats, times, "right") - 1, 0, len(beats) - 2)
    period = np.maximum(beats[n + 1] - beats[n], 0.05)
    phases = (times - beats[n]) / period
    tempo = float(_tempo_prior(np.array([60.0 / float(np.median(np.diff(beats)))]))[0])
    timing = [log_timing(phases, feel, spread / period) for spread in _SPREADS_SECONDS]
    best = max(float(evidence.sum()) for evidence, _ in timing)
    counts = np.zeros(feel.shares.shape)
    np.add.at(counts, (lanes, timing[0][1]), _HIT_WEIGHT)
    pattern = log_pattern(counts, feel, trust)
    repeats = len(times) * _repetition(times, lanes, float(np.median(np.diff(beats))))
    odds = tempo + np.log(_FEEL_ODDS[feel.name])
    likelihood = _HIT_WEIGHT * (best + _REPEAT_WEIGHT * repeats) + pattern + odds
    return _Followed(beats, feel, likelihood)


def _repetition(times: Values, lanes: Lanes, period: float) -> float:
    """How much more often than by chance a hit comes again after one, two and four beats, 0-3."""
    total = 0.0
    for lane in np.unique(lanes):
        own = times[lanes == lane]
        if len(own) < 2:
            continue
        chance = min(2 * _REPEAT_SECONDS * len(own) / (own[-1] - own[0] + period), 1.0)
        for beats in (1, 2, 4):
            wanted = own + beats * period
            wanted = wanted[wanted <= own[-1] + _REPEAT_SECONDS]
            after = np.clip(np.searchsorted(own, wanted), 1, len(own) - 1)
            near = np.minimum(np.abs(own[after] - wanted), np.abs(own[after - 1] - wanted))
            total += float((near < _REPEAT_SECONDS).sum()) - chance * len(wanted)
    return total / len(times)


def _grid(
    times: Values,
    lanes: Lanes,
    followed: Sequence[_Followed],
    refollow: Callable[[_Followed, Feel], _Followed] | None = None,
) -> Grid:
    """The likeliest candidate, its feel judged among all; where that swings, its beats followed anew."""
    best = max(followed, key=lambda one: one.likelihood)
    feel, _ = _feel_of(times, lanes, best.beats)
    if feel.swung and refollow is not None:
        best = refollow(best, feel)
    feel, confidence = _feel_of(times, lanes, best.beats)
    grid = Grid(best.beats, feel, "tracked", confidence, _beat_confidence(best, followed))
    return grid.in_bars(*_bar(grid, times, lanes))


def _feel_of(times: Values, lanes: Lanes, beats: Values) -> tuple[Feel, float]:
    """The likeliest feel on such beats, and how sure that is."""
    feels = [_judged(times, lanes, beats, feel) for feel in all_feels()]
    odds = np.array([one.likelihood + (np.log(_SWING_ODDS) if one.feel.swung else 0.0) for one in feels])
    feel = feels[int(odds.argmax())].feel
    names = np.array([one.name for one in all_feels()])
    return feel, float(_shares(odds)[names == feel.name].sum())


def _beat_confidence(best: _Followed, followed: Sequence[_Followed]) -> float:
    """The share of the candidates that have the same beats as the best."""
    shares = _shares(_BEAT_TRUST * np.array([one.likelihood for one in followed]))
    is_same = np.array([_is_same(best.beats, one.beats) for one in followed])
    return float(shares[is_same].max() / (shares[is_same].max() + shares[~is_same].sum()))


def _is_same(beats: Values, others: Values) -> bool:
    """Whether most beats fall together, within an eighth of a beat."""
    period = float(np.median(np.diff(beats)))
    if abs(float(np.median(np.diff(others))) / period - 1.0) > 0.1:
        return False
    nearest = np.abs(beats[:, None] - others[None, :]).min(axis=1)
    return float(np.mean(nearest < period / 8)) > 0.5


def _shares(odds: Values) -> Values:
    weights = np.exp(odds - odds.max())
    return np.asarray(weights / weights.sum())


def _bar(grid: Grid, times: Values, lanes: Lanes) -> tuple[int, float]:
    """Which beat of a bar of four the first beat is, and how sure that is."""
    table = priors()["bar"]
    shares = np.array([table[lane] for lane in ("kick", "snare", "hat", "tom")] + [[0.25] * 4])
    places, _ = grid.place(times)
    is_on_beat = places == np.floor(places)
    beats = places[is_on_beat].astype(np.int64)
    odds = np.array([np.log(shares[lanes[is_on_beat], (beats + first) % 4]).sum() for first in range(4)])
    posterior = _shares(_HIT_WEIGHT * odds)
    return int(posterior.argmax()), float(posterior.max())
