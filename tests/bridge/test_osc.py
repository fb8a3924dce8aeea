"""OSC: what its messages do, over a real socket and in a live session."""

import contextlib
import signal
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import OscBundleBuilder

from tests.bridge.live_process import running_live
from tests.leftovers import assert_nothing_left
from tsumami.bridge.mapping import Positions, targets_of
from tsumami.bridge.mapping.address import addresses_of
from tsumami.bridge.mapping.command import Command, index_of
from tsumami.bridge.osc import OscServer, Surface
from tsumami.bridge.osc.packets import message, packets, read_packet
from tsumami.bridge.session.session import Session
from tsumami.engine.errors import DeviceError
from tsumami.engine.events import Events, Kind

DEADLINE_SECONDS = 20.0
MACROS, PARAMETERS = ["bright", "wide"], ["cutoff", "osc mix", "osc*mix", "pan"]
PATCHES = ["Deep Sub", "Warm Evening"]


class Stage:
    """A surface whose events are kept."""

    def __init__(self) -> None:
        self.parameters = np.zeros(len(PARAMETERS))
        self.heard: list[tuple[Kind, int, float, int]] = []
        self.positions = Positions(self.parameters)
        targets = targets_of(
            Session(), macros=MACROS, parameters=PARAMETERS, effects={"Delay": ("bypass", "mix")}
        )
        self.surface = Surface(addresses_of(targets), self.positions, self._take, PATCHES)

    def _take(self, events: Events) -> None:
        self.positions.note(events)
        for item in events:
            self.heard.append(
                (Kind(item["kind"]), int(item["index"]), float(item["value"]), int(item["channel"]))
            )


class Client:
    """A socket of another program."""

    def __init__(self, to: tuple[str, int]) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(to)
        self.socket.settimeout(DEADLINE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, address: str, *values: Any) -> None:
        self.socket.send(message(address, *values).dgram)

    def hear(self, until: Callable[[str, tuple[Any, ...]], bool]) -> list[tuple[str, tuple[Any, ...]]]:
        """What comes in, up to the first that is waited for."""
        heard: list[tuple[str, tuple[Any, ...]]] = []
        while not any(until(*each) for each in heard):
            heard += [(each.address, each.values) for each in read_packet(self.socket.recv(65_536))]
        return heard


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def client(server: OscServer) -> Iterator[Client]:
    with Client(server.address) as client:
        yield client


@pytest.fixture
def server(stage: Stage) -> Iterator[OscServer]:
    told: list[str] = []
    server = OscServer(stage.surface, "127.0.0.1", 0, told.append)
    server.open()
    yield server
    server.close()


def test_every_target_has_an_address_of_its_own(stage: Stage) -> None:
    addresses = [item.address for item in stage.surface.items()]
    assert len(set(addresses)) == len(addresses)
    assert {"/tsumami/parameter/osc_mix", "/tsumami/parameter/osc_mix_2", "/tsumami/gain"} < set(addresses)
    assert {"/tsumami/effect/Delay/bypass", "/tsumami/effect/Delay/parameter/bypass"} < set(addresses)


@given(st.sampled_from(PARAMETERS), st.floats(0.0, 1.0))
def test_what_is_moved_stands_there(name: str, position: float) -> None:
    stage = Stage()
    row = PARAMETERS.index(name)
    for item in stage.surface.items():
        if (item.types, item.high) == ("f", 1.0):
            stage.surface.act(item.address, [position])
    assert (Kind.PARAMETER, row, position, 0) in stage.heard
    stage.parameters[:] = position
    assert all(value == pytest.approx(position, abs=1e-6) for value in stage.surface.state().values())


def test_a_tempo_is_in_beats_a_minute(stage: Stage) -> None:
    stage.surface.act("/tsumami/bpm", [90])
    stage.surface.act("/tsumami/tempo", [0.5])
    assert stage.heard == [(Kind.TEMPO, 0, 90.0, 0), (Kind.TEMPO, 0, 150.0, 0)]


@pytest.mark.parametrize("bpm", [19.9, 300.1, float("nan")])
def test_a_tempo_that_cannot_be_is_refused(stage: Stage, bpm: float) -> None:
    with pytest.raises(ValueError, match="/tsumami/bpm must be 20-300, got"):
        stage.surface.act("/tsumami/bpm", [bpm])


def test_patterns_reach_several(stage: Stage) -> None:
    stage.surface.act("/tsumami/macro/*", [0.25])
    assert stage.heard == [(Kind.MACRO, 0, 0.25, 0), (Kind.MACRO, 1, 0.25, 0)]
    stage.heard.clear()
    stage.surface.act("/tsumami/{macro/bright,parameter/pan}", [1])
    stage.surface.act("/tsumami/parameter/?[!b]*", [0.5])
    assert [row[:2] for row in stage.heard] == [
        (Kind.MACRO, 0), *((Kind.PARAMETER, row) for row in (3, 0, 1, 2, 3))
    ]  # fmt: skip


def test_notes_patches_and_panic(stage: Stage) -> None:
    stage.surface.act("/tsumami/note", [60, 0.5, 2])
    stage.surface.act("/tsumami/note", [62, 1.0])
    stage.surface.act("/tsumami/note", [60, 0.0, 2])
    stage.surface.act("/tsumami/patch", ["Warm Evening"])
    stage.surface.act("/tsumami/patch", [0])
    assert stage.heard == [
        (Kind.NOTE_ON, 60, 0.5, 1),
        (Kind.NOTE_ON, 62, 1.0, 0),
        (Kind.NOTE_OFF, 60, 0.0, 1),
        (Kind.PATCH, 1, 0.0, 0),
        (Kind.PATCH, 0, 0.0, 0),
    ]
    stage.heard.clear()
    stage.surface.release()
    assert stage.heard == [(Kind.NOTE_OFF, 62, 0.0, 0)]
    stage.heard.clear()
    stage.surface.act("/tsumami/panic", [])
    stage.surface.act("/tsumami/snapshot/recall", [3])
    assert stage.heard == [
        (Kind.COMMAND, index_of(Command.PANIC), 1.0, 0),
        (Kind.COMMAND, index_of(Command.RECALL, 3), 1.0, 0),
    ]


@pytest.mark.parametrize(
    ("address", "values", "words"),
    [
        ("/tsumami/macro/dark", [0.5], "OSC address must be one that /tsumami/query lists, got"),
        ("/tsumami/macro/x*", [0.5], "OSC address must be one that"),
        ("/tsumami/macro/[", [0.5], "must be a whole pattern"),
        ("/tsumami/" + "*?" * 50, [0.5], "must be a whole pattern"),
        ("/tsumami/macro/bright", [2], r"bright must have one number 0-1, got \[2\]"),
        ("/tsumami/macro/bright", [], "must have one number"),
        ("/tsumami/macro/bright", [float("nan")], "must have one number"),
        ("/tsumami/macro/bright", ["loud"], "must have one number"),
        ("/tsumami/note", [60], "note must have other arguments"),
        ("/tsumami/note", [128, 1.0], "must have a note 0-127"),
        ("/tsumami/note", ["C", 1.0], "must have other arguments"),
        ("/tsumami/snapshot/store", [0], "snapshot must be 1-128, got 0"),
        ("/tsumami/undo", [1], "undo must have other arguments"),
        ("/tsumami/patch", ["Nobody"], "must have the number or name of a patch, got 'Nobody'"),
        ("/tsumami/patch", [7], "must have the number or name of a patch, got 7"),
    ],
)
def test_what_cannot_be_done_is_said_and_moves_nothing(
    stage: Stage, address: str, values: list[Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        stage.surface.act(address, values)
    assert stage.heard == []


@given(st.binary(max_size=200))
def test_noise_is_no_packet_or_a_harmless_one(datagram: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert all(isinstance(request.address, str) for request in read_packet(datagram))


@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=300), max_size=50))
def test_replies_arrive_whole_in_datagrams_that_pass_everywhere(words: list[str]) -> None:
    sent = list(packets([message("/tsumami/x", word) for word in words]))
    assert [request.values[0] for each in sent for request in read_packet(each)] == words
    assert all(len(each) < 1500 for each in sent)


def test_a_query_lists_types_ranges_and_where_things_stand(stage: Stage, client: Client) -> None:
    client.send("/tsumami/query")
    heard = client.hear(lambda address, _: address == "/tsumami/query/end")
    assert heard[-1][1] == (len(stage.surface.items()),)
    assert ("/tsumami/query/item", ("/tsumami/parameter/cutoff", "f", 0.0, 1.0, 0.0)) in heard
    assert ("/tsumami/query/item", ("/tsumami/macro/bright", "f", 0.0, 1.0)) in heard, "not moved yet"
    client.send("/tsumami/query", "/tsumami/macro")
    assert client.hear(lambda address, _: address == "/tsumami/query/end")[-1][1] == (len(MACROS),)


def test_a_subscriber_is_told_everything_and_then_what_moves(stage: Stage, client: Client) -> None:
    client.send("/tsumami/subscribe")
    client.hear(lambda address, values: (address, values) == ("/tsumami/parameter/pan", (0.0,)))
    stage.parameters[0] = 0.75
    heard = client.hear(lambda address, _: address == "/tsumami/parameter/cutoff")
    assert heard == [("/tsumami/parameter/cutoff", (0.75,))]
    client.send("/tsumami/macro/wide", 0.5)
    assert client.hear(lambda *_: True) == [("/tsumami/macro/wide", (0.5,))]


def test_time_tags_are_waited_for_without_holding_others_up(stage: Stage, client: Client) -> None:
    for seconds, position in ((0.4, 0.4), (0.2, 0.2), (-100.0, 0.1)):
        bundle = OscBundleBuilder(time.time() + seconds)  # pyright: ignore[reportArgumentType]
        bundle.add_content(message("/tsumami/macro/bright", position))
        client.socket.send(bundle.build().dgram)
    began = time.monotonic()
    client.send("/tsumami/macro/wide", 1.0)
    deadline = began + DEADLINE_SECONDS
    while len(stage.heard) < 4:
        assert time.monotonic() < deadline, stage.heard
        time.sleep(0.005)
    values = [value for _, _, value, _ in stage.heard]
    assert values == pytest.approx([0.1, 1.0, 0.2, 0.4])
    assert time.monotonic() - began >= 0.35


def test_a_flood_of_garbage_is_answered_and_outlived(stage: Stage, server: OscServer, client: Client) -> None:
    rng = np.random.default_rng(1)
    for _ in range(3000):
        client.socket.send(rng.bytes(int(rng.integers(1, 64))))
    while True:  # what the kernel's buffer has no room for is lost
        client.send("/tsumami/macro/bright", 0.5)
        if stage.heard:
            break
        time.sleep(0.01)
    assert stage.heard[0] == (Kind.MACRO, 0, 0.5, 0)
    assert server.refused > 0


def test_a_port_that_is_taken_is_refused(stage: Stage, server: OscServer) -> None:
    other = OscServer(stage.surface, *server.address, tell=lambda _: None)
    with pytest.raises(DeviceError, match=r"osc.port must be a port that is free on 127.0.0.1, got"):
        other.open()


def test_a_live_session_is_played_by_osc_and_tells_what_moves() -> None:
    with running_live("--device", "null", "--no-demo", "--osc-port", "0") as live:
        live.wait_for("OSC on 127.0.0.1:")
        port = int(live.said.split("OSC on 127.0.0.1:")[1].split()[0])
        with Client(("127.0.0.1", port)) as client:
            client.send("/tsumami/note", 60, 1.0)
            client.send("/tsumami/subscribe")
            heard = client.hear(lambda address, _: address == "/tsumami/parameter/cutoff")
            assert "/tsumami/gain" in {address for address, _ in heard}, "everything to begin with"
            for position in (0.5, 0.9):  # the first only says where the knob stands
                client.send("/tsumami/macro/bright", position)
            client.hear(lambda address, _: address == "/tsumami/parameter/cutoff")
            client.send("/tsumami/nothing", 1)
            client.hear(lambda address, _: address == "/tsumami/error")
        live.wait_for("OSC address must be one that /tsumami/query lists, got /tsumami/nothing")
        summary = live.end(signal.SIGINT)
    assert summary["peak_dbfs"] > -60
    assert summary["osc"] == {"received": 5, "refused": 1}
    assert_nothing_left()
