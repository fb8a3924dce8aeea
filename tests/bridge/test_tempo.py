"""The tempo of a session: beats, taps, who leads, what keeps to it, and MIDI clock in and out."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Literal
from unittest.mock import MagicMock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bridge.keyboard import keyboard
from tests.bridge.live_process import LiveProcess, running_live
from tests.jack import JackServer
from tests.leftovers import assert_nothing_left
from tests.waiting import until
from tsumami.bridge.mapping.command import Command, index_of
from tsumami.bridge.midi.clock_follower import PULSES_PER_BEAT
from tsumami.bridge.midi.clock_messages import ClockMessages
from tsumami.bridge.midi.parser import Message, Status
from tsumami.bridge.router import Router
from tsumami.bridge.session.map_tables import Sync
from tsumami.bridge.session.session import parse_session
from tsumami.bridge.session.setup import set_up
from tsumami.bridge.tempo import Beat, Tempo
from tsumami.bridge.tempo.clock_sender import ClockSender
from tsumami.bridge.tempo.outer_clock import MidiClock
from tsumami.bridge.tempo.rates import Rates
from tsumami.bridge.tempo.taps import Taps
from tsumami.engine.errors import SessionError
from tsumami.engine.events import Events, Kind, event
from tsumami.plugins import PARAMETERS

rtmidi: Any = import_module("rtmidi")

BPM = st.floats(20.0, 300.0)
NS = st.integers(0, 10**13)
BEATS = st.floats(-1e4, 1e4)


@given(BPM, NS, BEATS)
def test_a_beat_falls_when_it_is_the_beat(bpm: float, ns: int, beat: float) -> None:
    line = Beat(bpm)
    line.place(beat, ns)
    assert line.at(ns) == beat
    assert line.at(line.ns_of(beat + 7.5)) == pytest.approx(beat + 7.5, abs=1e-6)
    assert line.at(ns + 60e9) == pytest.approx(beat + bpm)


@given(BPM, BPM, NS)
def test_another_tempo_goes_on_from_the_same_beat(bpm: float, other: float, ns: int) -> None:
    line = Beat(bpm)
    line.place(0.0, 0)
    before = line.at(ns)
    line.change(other, ns)
    assert line.at(ns) == pytest.approx(before)
    assert line.bpm == other


@given(st.floats(30.0, 250.0), st.integers(0, 2**32 - 1))
def test_taps_that_stray_still_tell_their_tempo(bpm: float, seed: int) -> None:
    taps, period = Taps(), 60e9 / bpm
    stray = np.random.default_rng(seed).normal(0.0, 0.03, 8).clip(-0.08, 0.08)
    found = [taps.tap(1e12 + (n + stray[n]) * period) for n in range(8)]
    assert found[0] is None
    assert found[-1] == pytest.approx(bpm, rel=0.04)


def test_a_new_tempo_is_taken_after_two_taps_and_a_rest_begins_anew() -> None:
    taps = Taps()
    for n in range(8):
        taps.tap(n * 0.5e9)
    assert taps.tap(3.5e9 + 0.3e9) == pytest.approx(200.0)
    assert taps.tap(3.5e9 + 0.6e9) == pytest.approx(200.0)
    assert taps.tap(60e9) is None
    assert taps.tap(60e9) is None, "a tap that is no later tells nothing"


class OtherClock:
    """A clock that tells what it is set to."""

    source: Literal["link"] = "link"
    state = ""

    def __init__(self) -> None:
        self.bpm: float | None = None
        self.is_running = False
        self.told: list[tuple[int, float]] = []

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def beats(self) -> Iterable[tuple[int, float]]:
        told, self.told = self.told, []
        return told


def test_a_tap_is_a_beat_and_a_start_is_the_first() -> None:
    tempo = Tempo(120.0, None, lambda _: None)
    now = time.perf_counter_ns()
    for n in range(4):
        tempo.do(Command.TAP, now + n * 600_000_000)
    assert tempo.beat.bpm == pytest.approx(100.0)
    assert tempo.beat.at(now + 3 * 600_000_000) % 1.0 == pytest.approx(0.0, abs=1e-9)
    tempo.do(Command.START)
    assert tempo.is_running
    assert -0.1 < tempo.beat.at(time.perf_counter_ns()) < 1.0
    tempo.do(Command.STOP)
    assert not tempo.is_running
    tempo.set_bpm(1000.0)
    assert tempo.beat.bpm == 300.0


def test_who_follows_another_says_once_that_it_does_not_lead() -> None:
    clock, told = OtherClock(), list[str]()
    tempo = Tempo(120.0, clock, told.append)
    tempo.follow()
    assert tempo.beat.bpm == 120.0
    clock.bpm, clock.told, clock.is_running = 90.0, [(7, 5e9)], True
    tempo.follow()
    assert (tempo.beat.bpm, tempo.beat.at(5e9), tempo.is_running, tempo.starts) == (90.0, 7.0, True, 1)
    for _ in range(100):
        tempo.set_bpm(150.0)
    tempo.do(Command.TAP)
    assert tempo.beat.bpm == 90.0
    assert told == ["tempo: it is left to the link that leads"]
    assert tempo.document() == {"bpm": 90.0, "source": "link"}


@given(st.floats(40.0, 240.0), st.integers(0, 2**32 - 1))
def test_the_beat_of_a_midi_clock_that_comes_late_is_followed(bpm: float, seed: int) -> None:
    heard = ClockMessages()
    tempo = Tempo(120.0, MidiClock(heard), lambda _: None)
    period, late = 60e9 / bpm / PULSES_PER_BEAT, np.random.default_rng(seed).exponential(0.5e6, 97)
    begun = time.perf_counter_ns()
    heard.take("box", Message(Status.START), begun)
    for pulse in range(97):
        heard.take("box", Message(Status.CLOCK), round(begun + pulse * period + late[pulse]))
        heard.take("other", Message(Status.CLOCK), round(begun + pulse * period + 5e6))
        if pulse % 8 == 0:
            tempo.follow()
    tempo.follow()
    assert tempo.beat.bpm == pytest.approx(bpm, rel=2e-3)
    assert tempo.beat.ns_of(4.0) == pytest.approx(begun + 96 * period, abs=2e6)
    assert tempo.is_running


class Sent:
    """What a sender has sent, and when."""

    def __init__(self) -> None:
        self.messages: list[tuple[int, int]] = []

    def __call__(self, messages: Iterable[bytes]) -> None:
        self.messages += [(message[0], time.perf_counter_ns()) for message in messages]

    def times(self, status: Status) -> list[int]:
        return [stamp for number, stamp in self.messages if number == status]


def test_clock_is_sent_from_the_start_on_and_through_a_change_of_tempo() -> None:
    sent, tempo = Sent(), Tempo(240.0, None, lambda _: None)
    sender = ClockSender(tempo, sent)
    sender.open()
    tempo.do(Command.START)
    until(lambda: tempo.beat.at(time.perf_counter_ns()) > 2.0, ["no beat"])
    tempo.set_bpm(120.0)
    until(lambda: tempo.beat.at(time.perf_counter_ns()) > 4.0, ["no beat"])
    sender.close()
    beat = tempo.beat.at(time.perf_counter_ns())
    statuses = [status for status, _ in sent.messages]
    assert statuses.count(Status.START) == statuses.count(Status.STOP) == 1
    assert statuses[-1] == Status.STOP
    since = sent.times(Status.CLOCK)
    begun = sent.times(Status.START)[0]
    assert sum(stamp > begun for stamp in since) == pytest.approx(beat * PULSES_PER_BEAT, abs=2)
    slow = np.diff(since)[-PULSES_PER_BEAT:]
    assert np.median(slow) == pytest.approx(60e9 / 120.0 / PULSES_PER_BEAT, rel=0.05)


def test_a_stop_is_sent_when_the_song_ends() -> None:
    sent, tempo = Sent(), Tempo(300.0, None, lambda _: None)
    sender = ClockSender(tempo, sent)
    sender.open()
    tempo.do(Command.START)
    until(lambda: bool(sent.times(Status.START)), ["no start"])
    tempo.do(Command.STOP)
    until(lambda: bool(sent.times(Status.STOP)), ["no stop"])
    after = len(sent.messages)
    until(lambda: len(sent.messages) > after + 3, ["the clock must go on"])
    sender.close()
    assert len(sent.times(Status.STOP)) == 1


@given(BPM, st.floats(0.25, 16.0))
def test_a_rate_is_put_where_the_tempo_has_it_once(bpm: float, beats: float) -> None:
    names = [parameter.name for parameter in PARAMETERS]
    row = names.index("lfo1_rate")
    positions = np.full(len(PARAMETERS), 2.0)
    moved: list[Events] = []
    rates = Rates([Sync(parameter="lfo1_rate", beats=beats)], PARAMETERS, positions, moved.append)
    rates.follow(bpm)
    ((change,),) = moved
    assert (change["kind"], change["index"]) == (Kind.PARAMETER, row)
    parameter = PARAMETERS[row]
    wanted = min(max(bpm / 60.0 / beats, parameter.minimum), parameter.maximum)
    assert parameter.to_unit(float(change["value"])) == pytest.approx(wanted, rel=1e-6)
    positions[row] = change["value"]
    rates.follow(bpm)
    assert len(moved) == 1


def test_what_is_no_rate_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text("[[sync]]\nbeats = 1\nparameter = 'volume'\n")
    words = r"s.toml:3: sync\[0\].parameter must be a rate in Hz \(.*lfo1_rate.*\), got 'volume'"
    with pytest.raises(SessionError, match=words):
        set_up(parse_session(path.read_text(), path), path)


SESSION = """
[tempo]
send = true
bpm = 120
[[sync]]
parameter = "lfo1_rate"
beats = 2
[[map]]
cc = 50
action = "start"
[[map]]
program = 3
action = "stop"
[[map]]
cc = 51
tempo = true
"""


@contextmanager
def sequencer() -> Iterator[Callable[[], list[int]]]:
    """A program that is connected to the session's output; a call returns all statuses so far."""
    client = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="sequencer")
    client.ignore_types(sysex=True, timing=False, active_sense=True)
    until(lambda: any("tsumami-out" in name for name in client.get_ports()), ["no output of the session"])
    number = next(n for n, name in enumerate(client.get_ports()) if "tsumami-out" in name)
    client.open_port(number, "in")
    heard: list[int] = []

    def look() -> list[int]:
        while (packet := client.get_message()) is not None:
            heard.append(packet[0][0])
        return heard

    try:
        yield look
    finally:
        client.close_port()
        client.delete()


def press(live: LiveProcess, keys: Any, message: list[int], is_done: Callable[[], bool], what: str) -> None:
    """Send until it is done: JACK drops what comes in a cycle that it misses."""

    def look() -> bool:
        keys.send_message(message)
        time.sleep(0.05)
        return is_done()

    live.until(look, what)


def test_a_session_leads_others_by_midi_clock(tmp_path: Path, jack_server: JackServer) -> None:
    path = tmp_path / "s.toml"
    path.write_text(SESSION)
    with (
        running_live(str(path), "--device", "null", "--no-demo") as live,
        sequencer() as heard,
        keyboard(jack_server) as keys,
    ):
        press(live, keys, [0xB0, 50, 127], lambda: Status.START in heard(), "start was not sent")
        begun, pulses = time.monotonic(), heard().count(Status.CLOCK)
        live.until(lambda: time.monotonic() - begun > 2.0, "two seconds")
        share = (heard().count(Status.CLOCK) - pulses) / (48 * (time.monotonic() - begun))
        assert 0.5 < share < 1.1, "a busy machine misses cycles of JACK, and what was to go out in them"
        press(live, keys, [0xC0, 3], lambda: Status.STOP in heard(), "stop was not sent")
        press(live, keys, [0xB0, 51, 127], lambda: True, "the knob")
        summary = live.end(2)
    assert_nothing_left()
    assert summary["tempo"]["source"] == "own"
    assert summary["tempo"]["bpm"] == pytest.approx(300.0)


def test_a_session_is_led_by_midi_clock(tmp_path: Path, jack_server: JackServer) -> None:
    path = tmp_path / "s.toml"
    path.write_text('[tempo]\nsource = "midi"\n[[sync]]\nparameter = "lfo1_rate"\nbeats = 1\n')
    with (
        running_live(str(path), "--device", "null", "--no-demo") as live,
        keyboard(jack_server) as keys,
    ):
        begun = time.perf_counter()
        keys.send_message([Status.START])
        for pulse in range(150):
            while time.perf_counter() - begun < pulse * 60.0 / 150.0 / PULSES_PER_BEAT:
                time.sleep(0.0005)
            keys.send_message([Status.CLOCK])
        summary = live.end(2)
    assert summary["tempo"]["source"] == "midi clock"
    assert summary["tempo"]["bpm"] == pytest.approx(150.0, rel=0.1), "or a little less, with pulses lost"


def test_events_of_the_tempo_do_not_reach_the_engine() -> None:
    client: Any = MagicMock()
    router = Router(client, MagicMock())
    router.tempo = Tempo(120.0, None, lambda _: None)
    router(np.concatenate([event(Kind.TEMPO, value=90.0), event(Kind.NOTE_ON, 60, 1.0)]))
    router(event(Kind.COMMAND, index_of(Command.START), 1.0))
    router(event(Kind.COMMAND, index_of(Command.STOP), 0.0))
    assert router.tempo.beat.bpm == 90.0
    assert router.tempo.is_running, "a button that is let go asks for nothing"
    ((events,), _) = client.send.call_args
    assert [item["kind"] for item in events] == [Kind.NOTE_ON]
    assert client.send.call_count == 1
    client.move.assert_not_called()
