"""MIDI learn: which knob was turned, and what becomes of the session file."""

import json
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bridge.keyboard import keyboard, send_until_heard
from tests.bridge.live_process import running_live
from tests.command import run_tsumami, tsumami_command, tsumami_environment
from tests.jack import JackServer
from tests.leftovers import assert_nothing_left
from tsumami.bridge.learn import add_map
from tsumami.bridge.live.learn import LiveLearn, fields_of
from tsumami.bridge.mapping.targets import place_of
from tsumami.bridge.midi import Message, Status
from tsumami.bridge.midi.learner import Learned, Learner
from tsumami.bridge.osc.packets import message as osc
from tsumami.bridge.session.map_tables import Map, default_maps
from tsumami.bridge.session.session import load_session, parse_session
from tsumami.bridge.session.setup import set_up
from tsumami.bridge.session.tables import Session
from tsumami.engine.errors import SessionError

SWEEP = range(40, 80)


def control(number: int, value: int, channel: int = 0) -> Message:
    return Message(Status.CONTROL_CHANGE, channel, number, value)


def learned(*messages: Message) -> Learned | None:
    learner = Learner()
    for message in messages:
        learner.hear(message)
    return learner.learned()


@given(st.sampled_from([n for n in range(96) if n not in (6, 38, 64)]), st.integers(0, 15))
def test_a_knob_is_known_by_its_way(number: int, channel: int) -> None:
    found = learned(*(control(number, value, channel) for value in SWEEP))
    assert found == Learned(channel + 1, {"cc": number})
    assert learned(*(control(number, value, channel) for value in (60, 61, 62))) is None, "touched only"


def test_buttons_bends_pressure_and_numbers_are_learned() -> None:
    assert learned(control(50, 127), control(50, 0)) == Learned(1, {"cc": 50})
    bends = [Message(Status.PITCH_BEND, 2, 0, value) for value in SWEEP]
    assert learned(*bends) == Learned(3, {"bend": True})
    pressures = [Message(Status.CHANNEL_PRESSURE, 0, value) for value in SWEEP]
    assert learned(*pressures) == Learned(1, {"pressure": True})
    choose = [control(99, 2), control(98, 44)]
    data = [part for value in SWEEP for part in (control(6, value), control(38, value))]
    assert learned(*choose, *data) == Learned(1, {"nrpn": 300})


def test_fine_halves_are_part_of_their_knob() -> None:
    halves = [part for value in SWEEP for part in (control(7, value), control(39, 3 * value % 128))]
    assert learned(*halves) == Learned(1, {"cc": 7, "bits": 14})


@pytest.mark.parametrize(
    ("encoder", "values"),
    [
        ("twos", [1, 1, 2, 1, 127, 127, 126]),
        ("offset", [65, 65, 66, 63, 63, 62]),
        ("sign", [1, 1, 2, 65, 65, 66]),
    ],
)
def test_endless_encoders_are_told_by_how_they_count(encoder: str, values: list[int]) -> None:
    found = learned(*(control(9, value) for value in values))
    assert found == Learned(1, {"cc": 9, "takeover": "relative", "encoder": encoder})


def test_two_knobs_at_once_are_none() -> None:
    learner = Learner()
    for value in SWEEP:
        learner.hear(control(20, value))
        learner.hear(control(21, value, channel=1))
    assert learner.learned() is None
    assert learner.others() == ["CC 20 on channel 1", "CC 21 on channel 2"]
    learner.forget()
    assert learner.others() == []


def test_keys_and_the_pedal_are_no_knobs() -> None:
    assert learned(*(Message(Status.NOTE_ON, 0, note, 99) for note in range(40)), control(64, 127)) is None


def test_a_map_is_added_and_the_rest_of_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    text = "# my show\n[device]\nname = 'null'  # quiet\n\n[[map]]\ncc = 3\ngain = true\n"
    path.write_text(text)
    assert add_map(path, {"cc": 20, "macro": "wide", "takeover": "pickup"})
    assert path.read_text().startswith(text.rstrip())
    assert load_session(path).maps == [Map(cc=3, gain=True), Map(cc=20, macro="wide", takeover="pickup")]
    assert not add_map(path, {"cc": 20, "macro": "wide", "takeover": "pickup"}), "once is enough"


def test_the_default_knobs_are_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    assert add_map(path, {"cc": 20, "gain": True})
    assert load_session(path).maps == [*default_maps()[1:], Map(cc=20, gain=True)]


def test_a_file_that_would_be_none_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    path.write_text("map = []\n")
    with pytest.raises(SessionError, match=r"show.toml:\d+"):
        add_map(path, {"cc": 20, "macro": "wide"})
    assert path.read_text() == "map = []\n"


def test_the_command_refuses_what_cannot_be_mapped(tmp_path: Path) -> None:
    for args, words in (
        ((), "exactly one of macro"),
        (("--macro", "wide", "--gain"), "exactly one of macro"),
        (("--action", "recall"), "a slot with action recall or store"),
        (("--gain", "--takeover", "grab"), "Invalid enum value 'grab'"),
    ):
        done = run_tsumami("learn", str(tmp_path / "show.toml"), *args)
        assert done.returncode == 2
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "show.toml").exists()


def test_a_knob_is_learned_while_playing(jack_server: JackServer, tmp_path: Path) -> None:
    path, log = tmp_path / "show.toml", tmp_path / "take.jsonl"
    path.write_text("[osc]\nport = 0\n")
    with running_live(str(path), "--no-demo", "--log", str(log)) as live, keyboard(jack_server) as keys:
        live.wait_for("OSC on 127.0.0.1:")
        port = int(live.said.split("OSC on 127.0.0.1:")[1].split()[0])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as remote:
            remote.sendto(osc("/tsumami/learn", "/tsumami/parameter/cutoff").dgram, ("127.0.0.1", port))
            live.wait_for("turn the knob that is to move /tsumami/parameter/cutoff")

        def is_learned() -> bool:
            for value in SWEEP:
                keys.send_message([0xB0, 77, value])
            time.sleep(0.05)
            return "CC 77 on channel 1 moves /tsumami/parameter/cutoff, and is in show.toml" in live.said

        live.until(is_learned, "the knob was not learned")
        send_until_heard(keys, live, log, [0xB0, 77, 127], '"cutoff":1.0')
        live.end(signal.SIGINT)
    assert load_session(path).maps == [*default_maps(), Map(cc=77, parameter="cutoff")]
    assert_nothing_left()


def test_a_knob_on_jack_is_learned(jack_server: JackServer, tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    process = subprocess.Popen(
        tsumami_command("learn", str(path), "--macro", "bright", "--json"),
        env=tsumami_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process, keyboard(jack_server) as keys:
        document: dict[str, Any] = {}
        while process.poll() is None:
            for value in SWEEP:
                keys.send_message([0xB2, 77, value])
            time.sleep(0.05)
        assert process.stdout is not None
        document = json.loads(process.stdout.read())
    assert document == {
        "file": str(path),
        "knob": "CC 77 on channel 3",
        "map": {"cc": 77, "macro": "bright"},
        "new": True,
    }
    assert load_session(path).maps[-1] == Map(cc=77, macro="bright")
    assert_nothing_left()


EVERYTHING = """
[input]
source = "device"
repair = true
[loop]
kind = "bass"
[groove]
on = true
"""


def test_every_target_can_be_written_as_a_map() -> None:
    setup = set_up(parse_session(EVERYTHING, Path("s.toml")))
    for place in setup.targets(setup.macros):
        assert place_of(msgspec.convert({"cc": 1, **fields_of(place)}, Map)) == place


def test_two_knobs_that_go_on_moving_are_told_of_once() -> None:
    setup, told = set_up(Session()), list[str]()
    live = LiveLearn(setup, setup.macros, None, lambda _: None, told.append)
    live.begin("/tsumami/gain")
    for _ in range(3):
        for value in SWEEP:
            live.hear(control(70, value))
            live.hear(control(71, value))
        live.follow()
    assert [line.split(":")[0] for line in told[1:]] == ["more than one knob moves"]
    for value in SWEEP:
        live.hear(control(71, value))
    live.follow()
    assert told[-1] == "CC 71 on channel 1 moves /tsumami/gain, for this session: it has no file"
