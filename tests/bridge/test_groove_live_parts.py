"""Parts of a live groove: clocks, beats, the way from click to hearing, and what the view shows."""

import itertools
import time
from dataclasses import replace
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from rich.console import Console

from tests.drum_sounds import play, rock
from tests.waiting import until
from tsumami.bridge.groove.beat_track import BeatTrack
from tsumami.bridge.groove.calibration import CLICK_SECONDS, CLICKS, Calibration
from tsumami.bridge.groove.divergence import diverge
from tsumami.bridge.groove.host_clock import HostClock
from tsumami.bridge.groove.latency import LatencyFile
from tsumami.bridge.groove.live_divergence import LiveDivergence
from tsumami.bridge.groove.live_grid import ClickGrid, ClockGrid, FoundGrid, ReferenceGrid, final_groove
from tsumami.bridge.groove.live_view import GrooveView
from tsumami.bridge.groove.recording import Recording
from tsumami.bridge.groove.reference_file import reference_of
from tsumami.bridge.midi.clock_follower import ClockFollower
from tsumami.bridge.midi.parser import Message as Midi
from tsumami.bridge.midi.parser import Status
from tsumami.bridge.tempo.link_clock import LinkClock
from tsumami.bridge.tempo.outer_clock import MidiClock
from tsumami.engine import Message
from tsumami.engine.errors import DeviceError, SessionError, SoundError
from tsumami.engine.groove import find_hits
from tsumami.engine.groove.click import click_sound
from tsumami.engine.groove.live_memory import HEARD_DTYPE

_RATE = 48_000
_NS = 1_000_000_000


def pulses(bpm: float, count: int, begin_ns: int = _NS) -> npt.NDArray[np.int64]:
    return begin_ns + np.round(np.arange(count) * 60e9 / bpm / 24).astype(np.int64)


def follow(follower: ClockFollower, times: npt.NDArray[np.int64]) -> dict[int, float]:
    """The beats that are told of these pulses, each as it was told last."""
    told: dict[int, float] = {}
    for stamp_ns in times.tolist():
        follower.feed(Midi(Status.CLOCK), stamp_ns)
        told.update(follower.beats())
    return told


@pytest.mark.parametrize("late_ms", [0.0, 0.5, 2.0])
def test_beats_are_found_through_late_pulses(late_ms: float) -> None:
    times, follower = pulses(120.0, 24 * 16), ClockFollower()
    late = np.random.default_rng(0).exponential(late_ms * 1e6, len(times))
    follower.feed(Midi(Status.START), 0)
    told = follow(follower, times + late.astype(np.int64))
    assert list(told) == list(range(16))
    errors_ms = np.array([told[beat] - times[24 * beat] for beat in told]) / 1e6
    assert np.median(np.abs(errors_ms)) <= 0.25 * late_ms + 1e-3
    assert np.abs(errors_ms).max() <= 1.2 * late_ms + 1e-3
    assert follower.bpm == pytest.approx(120.0, rel=0.002)


def test_a_tempo_that_changes_is_followed() -> None:
    periods = 60e9 / np.linspace(100.0, 140.0, 24 * 20) / 24
    times = (_NS + np.cumsum(periods)).astype(np.int64)
    follower = ClockFollower()
    follower.feed(Midi(Status.START), 0)
    told = follow(follower, times)
    errors_ms = np.array([told[beat] - times[24 * beat] for beat in told]) / 1e6
    assert np.abs(errors_ms).max() < 3.0, "what a straight line makes of a bend of 2 bpm a beat"
    assert follower.bpm == pytest.approx(138.0, abs=2.0)


def test_a_clock_goes_on_where_it_is_told_to() -> None:
    follower = ClockFollower()
    assert not follow(follower, pulses(120.0, 48)), "it has not started"
    assert follower.bpm == pytest.approx(120.0)
    follower.feed(Midi(Status.SONG_POSITION, 0, 14, 0), 0)
    follower.feed(Midi(Status.CONTINUE), 0)
    times = pulses(120.0, 96, 10 * _NS)
    told = follow(follower, times)
    assert min(told) == 4, "sixteenth 14 is half a beat before it"
    assert told[4] == pytest.approx(times[12], abs=1e3)
    follower.feed(Midi(Status.STOP), 0)
    assert not follower.is_running
    assert follow(follower, pulses(120.0, 48, 15 * _NS)).keys() <= told.keys(), "nothing new"


def test_a_clock_that_falls_silent_has_stopped() -> None:
    follower = ClockFollower()
    follower.feed(Midi(Status.START), 0)
    follow(follower, pulses(120.0, 48))
    follow(follower, pulses(120.0, 3, 20 * _NS))
    assert not follower.is_running


def test_beats_of_two_runs_keep_their_bars() -> None:
    track = BeatTrack()
    for number in range(6):
        track.note(number, 0.5 * number)
    for number in range(4):
        track.note(number, 10.2 + 0.5 * number)
    seconds, first = track.beats(np.array([1.0, 11.0]))
    assert first == 0
    assert (np.diff(seconds) > 0).all()
    begin = int(np.flatnonzero(seconds == 10.2)[0])
    assert begin % 4 == 0, "a bar begins where the clock began anew"
    assert track.beats(np.array([11.0]))[0][0] == 10.2, "nothing was played in the first run"
    held = track.holds(np.array([-1.0, 0.2, 2.9, 5.0, 10.0, 12.0, 12.5]))
    np.testing.assert_array_equal(held, [False, True, True, False, True, True, False])


def test_a_clock_that_jumps_takes_the_hits_along() -> None:
    track = BeatTrack()
    for number in range(8):
        track.note(number, 0.5 * number)
    for number in range(8):
        track.note(number, 3.7 + 0.5 * number)
    seconds, first = track.beats(np.array([3.69, 4.2]))
    assert (seconds[0], first) == (3.7, 0), "what falls with a beat of the new run is that one's"
    np.testing.assert_allclose(np.diff(seconds), 0.5)


def test_a_beat_that_is_told_anew_is_known_better() -> None:
    track = BeatTrack()
    for number, seconds in ((0, 0.0), (1, 0.51), (1, 0.5), (2, 1.0)):
        track.note(number, seconds)
    np.testing.assert_array_equal(track.beats(np.array([0.7]))[0], [0.0, 0.5, 1.0])


def test_the_sound_cards_clock_is_followed() -> None:
    clock, random = HostClock(_RATE), np.random.default_rng(0)
    drift, start = 1.0 + 80e-6, 5_000 * _NS
    for part in range(200):
        blocks = np.zeros(40, HEARD_DTYPE)
        blocks["sample"] = (part * 40 + np.arange(40)) * 128
        blocks["frames"] = 128
        late = random.exponential(0.4e6, 40)
        blocks["ns"] = start + blocks["sample"] / _RATE * drift * 1e9 + late
        clock.feed(blocks)
    true = np.array([15.0, 20.0, 21.3])
    found = clock.seconds(start + true * drift * 1e9)
    np.testing.assert_allclose(found, true, atol=0.3e-3)


def test_lost_blocks_are_a_step_of_the_clock() -> None:
    clock, lost = HostClock(_RATE), 0.02
    for part in range(30):
        blocks = np.zeros(40, HEARD_DTYPE)
        blocks["sample"] = (part * 40 + np.arange(40)) * 512
        blocks["ns"] = (blocks["sample"] / _RATE + (lost if part >= 24 else 0.0)) * 1e9
        clock.feed(blocks)
    assert float(clock.seconds(13.0 * _NS)) == pytest.approx(13.0 - lost, abs=0.3e-3)


def heard_clicks(lag: float, *, clicks: int = CLICKS, noise: float = 1e-3) -> npt.NDArray[np.float64]:
    """What comes back of clicks from sample 0 on, so many samples late."""
    audio = np.random.default_rng(0).normal(0.0, noise, round((CLICKS + 1) * CLICK_SECONDS * _RATE))
    sound = click_sound(_RATE)
    for number in range(clicks):
        at = round(number * CLICK_SECONDS * _RATE + lag)
        audio[at : at + len(sound)] += -0.2 * sound
    return audio


def test_the_way_from_click_to_hearing_is_measured_in_pieces_of_any_size() -> None:
    audio = heard_clicks(777.0)
    calibration = Calibration(_RATE, 1000)
    for begin, end in itertools.pairwise([*range(0, len(audio), 999), len(audio)]):
        calibration.feed(1000 + begin, audio[begin:end])
    assert calibration.is_complete
    round_trip, spread = calibration.round_trip()
    assert round_trip * _RATE == pytest.approx(777.0, abs=0.5)
    assert spread < 1e-4


def test_what_is_no_click_measures_nothing() -> None:
    for audio in (heard_clicks(0.0, clicks=0, noise=0.1), heard_clicks(500.0, clicks=5)):
        calibration = Calibration(_RATE, 0)
        calibration.feed(0, audio)
        with pytest.raises(DeviceError, match=r"input must hear the click, got it [05] times of 12"):
            calibration.round_trip()
    unsteady = Calibration(_RATE, 0)
    for number in range(CLICKS):
        begin = round(number * CLICK_SECONDS * _RATE)
        unsteady.feed(begin, heard_clicks(500.0 + 200 * (number % 3), clicks=1)[: _RATE // 2])
    with pytest.raises(DeviceError, match="clicks must come back equally late, got"):
        unsteady.round_trip()


_ENGINE = Message("ready", "", "card", 0.010, "", (), "mic", 0.030)


def test_a_measured_latency_is_used_for_its_device_alone(tmp_path: Path) -> None:
    file = LatencyFile(tmp_path / "deep" / "latency.json")
    stated = file.latency(_ENGINE, _RATE, 128)
    assert (stated.round_trip, stated.is_measured) == (0.030, False)
    assert stated.heard == pytest.approx(0.020)
    file.keep(_ENGINE, _RATE, 128, 0.034, 0.0001)
    measured = file.latency(_ENGINE, _RATE, 128)
    assert measured.round_trip == pytest.approx(0.034)
    assert measured.heard == pytest.approx(0.022), "half of what it is longer"
    assert "34.0 ms from click to hit (measured)" in str(measured)
    assert not file.latency(_ENGINE, _RATE, 64).is_measured


def test_a_broken_file_of_latencies_is_told(tmp_path: Path) -> None:
    file = LatencyFile(tmp_path / "latency.json")
    file.path.write_text("{")
    with pytest.raises(SessionError, match=r"calibration must be a file of .*remove it and calibrate anew"):
        file.latency(_ENGINE, _RATE, 128)


def heard(bars: int = 4, bpm: float = 120.0, late_ms: float = 0.0) -> Recording:
    audio = play(rock(bars, bpm, late_ms=late_ms), _RATE)
    return Recording("live from mic", len(audio) / _RATE, _RATE, find_hits(audio, _RATE), (), audio)


def test_a_click_tells_whether_all_hits_are_late() -> None:
    grid = ClickGrid(120.0, first_seconds=0.49, round_trip_seconds=0.01)
    for late_ms in (0.0, 15.0):
        lean = grid.groove(heard(late_ms=late_ms)).lean
        assert np.median(lean.deviation_ms) == pytest.approx(late_ms, abs=1.0)
        assert lean.grid.knows_time


def test_a_live_reference_tells_no_bias() -> None:
    grid = ReferenceGrid(reference_of(heard(bars=3)))
    groove = grid.groove(heard(bars=3, late_ms=30.0))
    assert np.median(groove.lean.deviation_ms) == pytest.approx(0.0, abs=1e-9)
    assert not groove.lean.grid.knows_time
    assert groove.lag_seconds == pytest.approx(0.03, abs=0.001)


def test_a_live_divergence_is_that_of_the_file() -> None:
    reference, performed = heard(bars=3), heard(bars=3, late_ms=4.0)
    expected = diverge(performed, reference, 0.0)
    live = LiveDivergence(reference, _RATE)
    assert live.divergence(performed.times) is None
    audio = performed.audio.astype(np.float64)
    half = len(audio) // 2
    live.feed(0, audio[:half])
    for lag in (0.7, 0.0, 0.001, 0.0):
        live.place(lag)
    for at in range(half, len(audio), 3000):
        live.feed(at, audio[at : at + 3000])
    found = live.divergence(performed.times)
    assert found is not None
    assert found.begins_seconds == pytest.approx(half / _RATE)
    is_known = np.isfinite(found.at_hits)
    assert not is_known[performed.times < half / _RATE].any()
    assert is_known.sum() >= 8
    # It does not know how loud the rest will be, and has not heard what was before.
    decibels = 10.0 * np.log10(found.at_hits[is_known] / expected.at_hits[is_known])
    assert abs(np.median(decibels)) < 1.5
    live.feed(10 * len(audio), audio[:3000])
    assert live.divergence(performed.times) is None, "there was a gap: it begins anew"


def test_without_a_clock_the_grid_is_the_hits_own_and_that_is_said() -> None:
    grid = ClockGrid(MidiClock())
    groove = grid.groove(heard())
    assert groove.lean.grid.source == "tracked"
    assert not groove.lean.grid.knows_time
    assert groove.remarks[0].startswith("no beat of the clock was told: ")


def test_link_is_followed_from_another_peer() -> None:
    peer: Any = import_module("link").Link(97.0)
    clock = LinkClock()
    assert clock.state.startswith("no Link peer has come")
    peer.enabled = True
    clock.open()
    try:
        until(lambda: bool(list(clock.beats())), ["the peers did not meet"])
        assert clock.state == "Link with 1 peer"
        session = peer.captureSessionState()
        assert clock.bpm == pytest.approx(session.tempo())
        beats: dict[int, float] = {}
        until(lambda: beats.update(clock.beats()) or len(beats) >= 3, ["no beats"])  # type: ignore[func-returns-value]
        numbers = sorted(beats)
        ahead_ns = peer.clock().micros() * 1000 - time.perf_counter_ns()
        for number in numbers:
            true_ns = session.timeAtBeat(number, 4) * 1000 - ahead_ns
            assert beats[number] == pytest.approx(true_ns, abs=2e6), "what clocks of two peers differ by"
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    finally:
        clock.close()
        peer.enabled = False


def shown(view: GrooveView) -> str:
    console = Console(width=80, record=True, file=StringIO())
    console.print(view)
    return console.export_text()


def test_the_view_shows_lanes_and_how_sure_they_are() -> None:
    view = GrooveView()
    assert "listening" in shown(view)
    view.engine, view.hits, view.state = _ENGINE, 48, "MIDI clock of tsumami"
    view.groove = FoundGrid(120.0).groove(heard())
    view.lean = view.groove.lean
    text = shown(view)
    for words in ("mic", "48 hits", "120.00 bpm (bpm), straight", "sure", "MIDI clock of tsumami", "kick"):
        assert words in text
    assert text.count("●") == 3, "the newest hit of kick, snare and hat"
    assert max(map(len, text.splitlines())) <= 80


def test_what_does_not_fit_its_reference_is_not_thrown_away() -> None:
    meant = reference_of(heard())
    sparse = replace(meant, seconds=100.0 * np.arange(8), lanes=meant.lanes[:8], places=100.0 * np.arange(8))
    grid, played = ReferenceGrid(sparse), heard()
    with pytest.raises(SoundError, match="reference must be of the same performance"):
        grid.groove(played)
    groove = final_groove(grid, played, 120.0)
    assert groove.lean.grid.source == "bpm"
    assert groove.remarks[0].startswith("reference must be of the same performance")


def test_too_few_hits_are_no_groove() -> None:
    with pytest.raises(SoundError, match="sound must have 8 hits or more"):
        FoundGrid(None).groove(replace(heard(), hits=heard().hits[:5]))
