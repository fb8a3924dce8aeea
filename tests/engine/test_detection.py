"""Detection of damage: what is done by seed is found, and sound that is whole is left alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.melody import melody
from tsumami.bridge.bench import damage as damages
from tsumami.engine.errors import ParameterError
from tsumami.engine.restoration import Damage, DamageKind, Detector
from tsumami.engine.restoration.detection_history import History
from tsumami.engine.restoration.detection_runs import Runs

RATE = 44_100
ALL = tuple(DamageKind)

Audio = npt.NDArray[np.float32]


def found(
    sound: Audio, rate: int = RATE, kinds: Sequence[DamageKind] = ALL[:3], block: int = 4096
) -> list[Damage]:
    detector = Detector(sound.shape[1], rate, kinds)
    told = [
        damage
        for begin in range(0, len(sound), block)
        for damage in detector.process(sound[begin : begin + block])
    ]
    return told + detector.finish()


def in_16_bits(sound: Audio) -> Audio:
    return np.asarray(np.rint(sound * 32768.0) / 32768.0, np.float32)


def share_found(told: list[Damage], done: list[Damage]) -> float:
    hits = [any(one.begin < truth.end and truth.begin < one.end for one in told) for truth in done]
    return float(np.mean(hits))


@pytest.mark.parametrize("rate", [8_000, 48_000, 96_000])
def test_music_is_left_alone(rate: int) -> None:
    sound = melody(6.0, rate, channels=2, seed=rate)
    assert found(sound, rate) == []
    assert found(in_16_bits(sound), rate) == []


def _tones() -> dict[str, npt.NDArray[Any]]:
    time = np.arange(2 * RATE) / RATE
    sine = np.sin(2.0 * np.pi * 440.0 * time)
    burst = np.sin(2.0 * np.pi * 441.0 * time) * ((time > 0.5) & (time < 0.6))
    cycle = np.random.default_rng(1).uniform(-1.0, 1.0, 300)
    return {
        "sine": sine,
        "sine that repeats itself": np.sin(2.0 * np.pi * 441.0 * time),
        "burst": burst,
        "low sine": np.sin(2.0 * np.pi * 20.0 * time) * 1e-3,
        "saw": (time * 110.0) % 1.0 - 0.5,
        "square": np.sign(np.sin(2.0 * np.pi * 55.1 * time) + 1e-9),
        "pulses": ((time * 100.0) % 1.0 < 0.1) * 0.8,
        "rectified": np.maximum(np.sin(2.0 * np.pi * 441.0 * time), 0.0),
        "impulses": (np.arange(2 * RATE) % 1000 == 0) * 0.9,
        "wavetable": np.resize(cycle, 2 * RATE),
        "silence": np.zeros(2 * RATE),
        "constant": np.full(2 * RATE, 0.3),
        "fade": sine * np.maximum(1.0 - time, 0.0),
        "gate": sine * (time % 1.2 < 0.5),
    }


@pytest.mark.parametrize("name", list(_tones()))
def test_tones_and_silence_are_left_alone(name: str) -> None:
    sound = (0.7 * _tones()[name])[:, None].astype(np.float32)
    assert found(sound) == []
    assert found(in_16_bits(sound)) == []


@pytest.mark.parametrize("rate", [8_000, 48_000, 96_000])
@pytest.mark.parametrize(("kind", "least"), [(DamageKind.ZEROS, 0.9), (DamageKind.REPEATS, 0.9)])
def test_lost_packets_are_found(rate: int, kind: DamageKind, least: float) -> None:
    sound, done = getattr(damages, kind.value)(melody(8.0, rate, channels=2, seed=1), rate, 2)
    told = found(sound, rate)
    assert {one.kind for one in told} == {kind}
    assert share_found(told, done) >= least
    assert share_found(done, told) == 1.0, "nothing else is"
    assert np.mean([one in done for one in told]) >= 0.9


@pytest.mark.parametrize("rate", [8_000, 48_000, 96_000])
def test_loud_clicks_are_found(rate: int) -> None:
    sound, done = damages.clicks(10.0)(melody(8.0, rate, channels=2, seed=3), rate, 4)
    told = found(sound, rate)
    assert {one.kind for one in told} == {DamageKind.CLICKS}
    assert share_found(told, done) >= 0.8
    assert share_found(done, told) == 1.0, "nothing else is"


def test_clipped_stretches_are_found_where_they_are_looked_for() -> None:
    sound, done = damages.clips(melody(10.0, RATE, channels=2, seed=5), RATE, 0)
    assert found(sound) == []
    told = found(sound, kinds=[DamageKind.CLIPS])
    assert share_found(told, done) >= 0.9
    assert set(told) <= set(done)


@pytest.mark.parametrize("kind", ALL)
def test_only_the_kinds_that_are_wanted_are_found(kind: DamageKind) -> None:
    sound = melody(6.0, RATE, seed=6)
    for seed, name in enumerate(("zeros", "repeats")):
        sound, _ = getattr(damages, name)(sound, RATE, seed)
    sound, _ = damages.clicks(20.0)(sound, RATE, 9)
    sound = np.clip(sound, -0.5, 0.5)
    assert {one.kind for one in found(sound, kinds=[kind])} == {kind}
    assert found(sound, kinds=[]) == []


@pytest.mark.parametrize("block", [1, 64, 65, 8193])
def test_the_size_of_the_blocks_makes_no_difference(block: int) -> None:
    sound = melody(6.0, 8_000, channels=2, seed=7)
    for name in ("zeros", "repeats"):
        sound, _ = getattr(damages, name)(sound, 8_000, 8)
    sound, _ = damages.clicks(10.0)(sound, 8_000, 9)
    whole = sorted(found(sound, 8_000, ALL, len(sound)), key=lambda one: (one.begin, one.end))
    assert len(whole) > 8
    assert sorted(found(sound, 8_000, ALL, block), key=lambda one: (one.begin, one.end)) == whole


def test_damage_of_one_channel_is_told_of_it_alone() -> None:
    sound = melody(2.0, RATE, channels=3, seed=10)
    sound[30_000:30_500, 1] = 0.0
    sound[60_000, 2] += 0.9
    assert found(sound) == [
        Damage(30_000, 30_500, DamageKind.ZEROS, 1),
        Damage(60_000, 60_001, DamageKind.CLICKS, 2),
    ]


def test_a_channel_that_is_silent_is_no_loss() -> None:
    sound = melody(3.0, RATE, channels=2, seed=11)
    sound[:, 1] = 0.0
    assert found(sound) == []
    sound[30_000:30_500] = 0.0
    assert found(sound) == [Damage(30_000, 30_500, DamageKind.ZEROS)]


def test_what_is_no_number_is_as_good_as_silent() -> None:
    sound = melody(2.0, RATE, seed=12)
    sound[30_000:30_500] = np.nan
    assert found(sound) == [Damage(30_000, 30_500, DamageKind.ZEROS)]


def test_a_long_pause_and_the_ends_are_no_damage() -> None:
    time = np.arange(3 * RATE) / RATE
    sound = (0.5 * np.cos(2 * np.pi * 333.3 * time))[:, None].astype(np.float32)
    sound[:500] = sound[-500:] = 0.0
    sound[RATE : RATE + 30_000] = 0.0
    assert found(sound) == []


def test_a_sound_of_any_length_is_searched() -> None:
    for frames in (0, 1, 30, 1101, 1102, 1103, 5000):
        assert found(melody(1.0, RATE)[:frames], kinds=ALL) == []


@given(st.lists(st.integers(1, 50), max_size=60), st.integers(50, 80))
@settings(max_examples=30, deadline=None)
def test_history_has_what_came_last(pages: list[int], kept: int) -> None:
    history, whole = History(2, kept), np.zeros((0, 2))
    for frames in pages:
        page = np.arange(len(whole), len(whole) + frames)[:, None] * [1.0, -1.0]
        whole = np.concatenate([whole, page])
        history.append(page)
        newest = whole[-kept:].T
        assert history.end == len(whole)
        np.testing.assert_array_equal(history.span(len(whole) - newest.shape[1], len(whole) + 9), newest)


@given(st.lists(st.booleans(), max_size=80), st.lists(st.integers(0, 80), max_size=4), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_runs_are_the_same_however_they_are_cut(holds: list[bool], cuts: list[int], least: int) -> None:
    runs, at = Runs(least), 0
    told = []
    for part in np.split(np.array([*holds, False]), sorted(min(cut, len(holds)) for cut in cuts)):
        told += runs.hear(part, at)
        at += len(part)
    edges = np.flatnonzero(np.diff(holds, prepend=False, append=False)).reshape(-1, 2).tolist()
    assert told == [(begin, end) for begin, end in edges if end - begin >= least]


def test_sounds_that_cannot_be_searched_are_refused() -> None:
    with pytest.raises(ParameterError, match="sample rate must be 8000-192000 Hz, got 4000"):
        Detector(1, 4_000)
    with pytest.raises(ParameterError, match="channels must be at least 1, got 0"):
        Detector(0, RATE)
