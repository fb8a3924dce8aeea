"""Hits of a stream: heard when they are played, in the lane that they are played in, whatever the blocks."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.allocations import allocations
from tests.drum_sounds import Audio, play, rock
from tsumami.engine.errors import ModelError, ParameterError
from tsumami.engine.groove import HIT_DTYPE, LANES, HitDetector, find_hits
from tsumami.engine.groove.detector import band_levels
from tsumami.engine.groove.hit_kernels import hear
from tsumami.engine.groove.hit_state import BANDS, BANDS_HZ
from tsumami.engine.groove.hit_table import SHIPPED, hit_table, shipped_hit_table
from tsumami.engine.jit import kernel

_RATE = 48_000
_BARS = 4
_EXACT_MS = 2.0
"""The sounds are none that the detector has learned from."""


@kernel
def _hear_often(state: Any, block: Audio, count: int) -> None:
    for _ in range(count):
        hear(state, block)


def _rock(sample_rate: int = _RATE) -> Audio:
    return play(rock(_BARS, 110.0), sample_rate)


@pytest.mark.parametrize("sample_rate", [44_100, 48_000, 96_000])
def test_hits_are_heard_when_they_are_played(sample_rate: int) -> None:
    hits = find_hits(_rock(sample_rate), sample_rate)
    played = np.unique([time for time, _, _ in rock(_BARS, 110.0)])
    times = hits["sample"] / sample_rate
    nearest = np.abs(times[:, None] - played).argmin(axis=1)
    assert set(nearest) == set(range(len(played))), "every hit is heard"
    assert np.abs(times - played[nearest]).max() < _EXACT_MS / 1000.0, "and none beside"


def test_kick_snare_and_hat_are_told_apart_even_at_once() -> None:
    hits = find_hits(_rock(), _RATE)
    lanes = [LANES[lane] for lane in hits["lane"]]
    assert lanes.count("kick") == 2 * _BARS
    assert lanes.count("snare") == 2 * _BARS
    assert lanes.count("hat") >= 4 * _BARS, "those between kicks and snares at least"


@given(st.lists(st.integers(1, 9000), min_size=1, max_size=30))
@settings(max_examples=15)
def test_any_blocks_give_the_same_hits(cuts: list[int]) -> None:
    audio = play(rock(1, 120.0), _RATE)
    whole, parts = HitDetector(), HitDetector()
    for detector in (whole, parts):
        detector.prepare(_RATE, 64)
    expected = whole.process(audio)
    found, at = [], 0
    for cut in [*cuts, len(audio)]:
        found.append(parts.process(audio[at : at + cut]))
        at += cut
    same = np.concatenate(found)
    for name in ("sample", "lane", "strength_db", "confidence"):
        np.testing.assert_array_equal(same[name], expected[name])


def test_a_hit_is_reported_within_a_few_milliseconds() -> None:
    hits = find_hits(_rock(), _RATE, block_size=64)
    delay_ms = 1000.0 * (hits["reported_sample"] - hits["sample"]) / _RATE
    assert delay_ms.min() > 0.0
    assert np.median(delay_ms) < 9.0
    assert delay_ms.max() < 15.0


def test_half_as_loud_is_six_decibels_less() -> None:
    audio = _rock()
    loud, soft = find_hits(audio, _RATE), find_hits(audio * np.float32(0.5), _RATE)
    both = min(len(loud), len(soft))
    difference = loud["strength_db"][:both] - soft["strength_db"][:both]
    assert np.median(difference) == pytest.approx(6.02, abs=0.1)


@pytest.mark.parametrize("gain", [0.0, 1e-4, 0.1])
def test_silence_and_steady_noise_have_no_hits(gain: float) -> None:
    noise = gain * np.random.default_rng(3).normal(0.0, 1.0, 4 * _RATE)
    assert len(find_hits(noise.astype(np.float32), _RATE)) == 0


def test_reset_begins_anew() -> None:
    detector = HitDetector()
    detector.prepare(_RATE, 64)
    audio = play(rock(1, 120.0), _RATE)
    first = detector.process(audio)
    detector.reset()
    np.testing.assert_array_equal(detector.process(audio), first)


def test_the_kernel_allocates_nothing() -> None:
    detector = HitDetector()
    detector.prepare(_RATE, 64)
    block = _rock()[:64]
    calls = [
        allocations(lambda count=count: _hear_often(detector.state[0], block, count)) for count in (1, 500)
    ]
    assert calls[0] == calls[1], "what is taken is taken for the call from Python"


def test_band_levels_are_those_of_tones() -> None:
    times = np.arange(_RATE) / _RATE
    for band, hertz in enumerate(BANDS_HZ):
        levels, _ = band_levels(np.sin(2 * np.pi * hertz * times).astype(np.float32), _RATE)
        assert levels.shape == (1000, BANDS)
        assert abs(int(levels[500:].mean(axis=0).argmax()) - band) <= 1, "or the next, which rises steeply"
        assert levels[500:, band].mean() == pytest.approx(-3.01, abs=0.5), (
            "a sine's power, the filter's gain 1"
        )


@pytest.mark.parametrize("sample_rate", [8_000, 400_000])
def test_a_rate_that_holds_no_drums_is_said(sample_rate: int) -> None:
    with pytest.raises(ParameterError, match="sample_rate must be in 32000-192000 Hz"):
        HitDetector().prepare(sample_rate, 64)


def test_a_table_comes_back_from_its_document() -> None:
    table = shipped_hit_table()
    again = hit_table(json.loads(json.dumps(table.document())))
    assert again.thresholds == table.thresholds
    for one, other in zip(again.weights, table.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3)


def test_a_table_of_another_detector_is_said() -> None:
    document = json.loads(SHIPPED.read_text("utf-8"))
    with pytest.raises(ModelError, match="delay_frames of a table of hits must be"):
        hit_table({**document, "delay_frames": 3})
    with pytest.raises(ModelError, match="layers of a table of hits must have shapes"):
        hit_table({**document, "layers": document["layers"][:2]})


def test_nothing_is_heard_of_nothing() -> None:
    none = find_hits(np.zeros(0, np.float32), _RATE)
    assert none.dtype == HIT_DTYPE
    assert len(none) == 0
