"""What the page hears of the input and of recordings: the beat, groove lanes, sounds that are near."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from tests.command import run_tsumami
from tsumami.bridge.groove.live_grid import ClockGrid
from tsumami.bridge.live.hearing import LiveHearing
from tsumami.bridge.page.ear import TimbreEar
from tsumami.bridge.page.finding import Finding
from tsumami.bridge.page.groove import GrooveLanes, SessionClock
from tsumami.bridge.page.hearing import Hearing, HearingConfig
from tsumami.bridge.page.limits import LARGEST_SOUND
from tsumami.bridge.page.loop import loop_document, loop_key
from tsumami.bridge.page.memory import PageMemory
from tsumami.bridge.session.session import parse_session
from tsumami.bridge.timbre.indexing import make_index
from tsumami.engine.config import Message
from tsumami.engine.errors import SessionError, SoundError
from tsumami.engine.groove import HIT_DTYPE, LANES
from tsumami.engine.groove.live_memory import HEARD_DTYPE
from tsumami.engine.meter_block import MeterBlock
from tsumami.engine.timbre.encoder import TimbreEncoder
from tsumami.engine.timbre.features import SAMPLE_RATE
from tsumami.plugins import load_bank, render_patch

RATE = 48_000
PATCHES = ("Rubber Bass", "Razor Wire", "Warm Evening", "Breath Flute", "Square Hero")


@pytest.fixture
def memory() -> Iterator[PageMemory]:
    made = PageMemory.create()
    yield made
    made.close()


@given(st.floats(20.0, 300.0), st.lists(st.floats(0.02, 0.4), min_size=1, max_size=30))
def test_every_beat_is_told_once_and_when_it_fell(bpm: float, gaps: list[float]) -> None:
    """Looked at however seldom, as long as no beat is left out."""
    shared = PageMemory.create()
    try:
        clock, period_ns = SessionClock(shared), 60e9 / bpm
        told: list[tuple[int, float]] = []
        for now in np.cumsum(gaps) * 1e9:
            shared.write_beat(now / period_ns, now, bpm)
            told += clock.beats()
            assert clock.is_running
        numbers = [number for number, _ in told]
        assert numbers == sorted(set(numbers))
        assert [ns for _, ns in told] == pytest.approx([number * period_ns for number in numbers], abs=1e3)
        shared.write_beat(0.0, 0.0, 0.0)
        assert not list(clock.beats())
        assert clock.bpm is None
    finally:
        shared.close()


def test_a_beat_that_is_being_written_is_no_beat(memory: PageMemory) -> None:
    memory.write_beat(3.5, 1e9, 120.0)
    assert memory.read_beat() == (3.5, 1e9, 120.0)
    memory.meters["beat"][0] = 4.0
    assert memory.read_beat() is None


def test_lanes_tell_how_late_a_drum_is_against_the_sessions_beat(memory: PageMemory) -> None:
    bpm, late_ms, seconds = 120.0, {"kick": 0.0, "snare": 18.0, "hat": -6.0}, 12.0
    lanes = GrooveLanes(RATE, ClockGrid(SessionClock(memory)), None, 0.0)
    beats = np.arange(0.5, seconds - 0.5, 60.0 / bpm)
    rows = sorted((beat + late_ms[lane] / 1000.0, LANES.index(lane)) for beat in beats for lane in late_ms)
    hits = np.zeros(len(rows), HIT_DTYPE)
    hits["sample"], hits["lane"] = np.array(rows).T * [[RATE], [1]]
    hits["strength_db"], hits["confidence"] = -12.0, 0.9
    block, heard = round(0.05 * RATE), np.zeros(0, HEARD_DTYPE)
    for begin in range(0, round(seconds * RATE), block):
        now = begin / RATE
        memory.write_beat((now - 0.5) * bpm / 60.0, now * 1e9, bpm)
        heard = np.array([(begin, block, now * 1e9)], HEARD_DTYPE)
        lanes.take(heard, hits[(hits["sample"] >= begin) & (hits["sample"] < begin + block)])
    told = lanes.document()
    assert not lanes.is_new
    assert (told["bpm"], told["source"], told["hits"]) == (pytest.approx(bpm, abs=0.01), "session", len(rows))
    bias_ms = {lane["name"]: lane["bias_ms"] for lane in told["lanes"]}
    # Told to a tenth of a millisecond.
    assert {name: bias_ms[name] for name in late_ms} == pytest.approx(late_ms, abs=0.06)
    assert bias_ms["tom"] is None
    lanes.take(heard[:0], hits[:0])
    assert not lanes.is_new, "nothing has come"


def test_a_loop_is_told_anew_when_it_has_changed() -> None:
    meters = MeterBlock.allocate()
    meters["loop_waits"] = -1
    key = loop_key(meters)
    assert loop_document(meters)["waits"] is None
    meters["loop_place"] = 0.5
    assert loop_key(meters) == key
    for field, value in (("loop_waits", 1), ("loop_bpm", 90.0), ("loop_sounds", 2)):
        meters[field] = value
        assert loop_key(meters) != key
        key = loop_key(meters)
    meters["loop_outlines"][1, 0, 7] = -5
    assert loop_key(meters) != key
    assert loop_document(meters)["waits"]["outline"][0][7] == -5


@pytest.fixture(scope="module")
def notes() -> dict[str, Any]:
    """A note of each patch, float32 at the encoder's rate."""
    return {
        patch.name: render_patch(
            patch.values, hold_seconds=1.0, length_seconds=1.2, sample_rate=SAMPLE_RATE
        ).mean(axis=0)
        for patch in load_bank()
        if patch.name in PATCHES
    }


@pytest.fixture(scope="module")
def index(notes: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notes")
    for name, note in notes.items():
        soundfile.write(folder / f"{name}.wav", note, SAMPLE_RATE)
    encoder = TimbreEncoder()
    encoder.prepare()
    made, _ = make_index(folder, encoder)
    made.save(folder / "notes.timbre")
    return folder / "notes.timbre"


@pytest.fixture
def finding(index: Path, memory: PageMemory) -> Finding:
    hearing = Hearing(HearingConfig(None, RATE), memory, lambda _name, _document: None)
    hearing.ear = TimbreEar(index, RATE)
    return Finding(hearing)


def request_of(parts: AsyncIterator[bytes]) -> Request:
    async def receive() -> dict[str, Any]:
        part = await anext(parts, b"")
        return {"type": "http.request", "body": part, "more_body": bool(part)}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


async def parts_of(content: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(content), 60_000):
        yield content[begin : begin + 60_000]


def asked(finding: Finding, content: bytes) -> tuple[int, dict[str, Any]]:
    """Status and document of the answer to a recording."""

    async def ask() -> tuple[int, dict[str, Any]]:
        answer = await finding(request_of(parts_of(content)))
        return answer.status_code, json.loads(bytes(answer.body))

    return asyncio.run(ask())


@pytest.mark.parametrize("gain", [0.05, 1.0, 30.0])
def test_a_recording_finds_what_it_is_of(finding: Finding, notes: dict[str, Any], gain: float) -> None:
    """At any level, and after a silence."""
    silence = np.zeros(3000, np.float32)
    for name, note in notes.items():
        sound = np.concatenate([silence, gain * note]).astype("<f4")
        status, document = asked(finding, sound.tobytes())
        assert (status, document["nearest"][0][0]) == (200, name)


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 422, "sound must be heard, got silence"),
        (bytes(4000), 422, "sound must be heard, got silence"),
        (np.full(4000, np.nan, "<f4").tobytes(), 422, "sound must be heard"),
        (np.ones(400, "<f4").tobytes(), 422, "sound must last"),
        (b"abc", 413, "a recording must be of"),
        (bytes(LARGEST_SOUND + 4), 413, "a recording must be of"),
    ],
)
def test_what_is_no_recording_is_refused(finding: Finding, content: bytes, status: int, words: str) -> None:
    answered, document = asked(finding, content)
    assert answered == status
    assert words in document["error"]


def test_one_recording_is_compared_at_a_time(finding: Finding, notes: dict[str, Any]) -> None:
    content = notes[PATCHES[0]].astype("<f4").tobytes()

    async def ask() -> list[int]:
        is_let_go = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            await is_let_go.wait()
            yield content

        first = asyncio.create_task(finding(request_of(slow())))
        await asyncio.sleep(0)  # so that it has begun
        second = await finding(request_of(parts_of(content)))
        is_let_go.set()
        return [(await first).status_code, second.status_code]

    assert asyncio.run(ask()) == [200, 429]


def test_without_an_index_nothing_is_compared(memory: PageMemory) -> None:
    hearing = Hearing(HearingConfig(None, RATE), memory, lambda _name, _document: None)
    assert asked(Finding(hearing), bytes(8))[0] == 404


def test_an_index_that_is_gone_is_told(memory: PageMemory, tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    config = HearingConfig(None, RATE, timbre=str(tmp_path / "none.timbre"))
    hearing = Hearing(config, memory, lambda _name, document: told.append(document))
    hearing.start()
    hearing.stop()
    assert "index must be a file that tsumami timbre index has written" in told[0]["error"]


def test_a_map_has_every_sound_and_is_found_once(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    document = TimbreEar(index, RATE).map_document()
    assert len(list(tmp_path.rglob("map-*.npy"))) == 1
    assert TimbreEar(index, RATE).map_document() == document
    assert sorted(document["names"]) == sorted(PATCHES)
    places = np.array(document["places"])
    assert places.shape == (len(PATCHES), 2)
    assert places.min() == 0.0
    assert places.max() == 1.0
    rows = [row for _, group in document["groups"] for row in group]
    assert sorted(rows) == list(range(len(PATCHES)))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("[groove]\non = true\n", r"show.toml:2: groove.on must be false where input.source is \"none\""),
        (
            '[groove]\non = true\n[input]\nsource = "device"\n[device]\nsample_rate = 22050\n',
            "device.sample_rate must be in 32000-192000 Hz to hear drums, got 22050",
        ),
    ],
)
def test_a_groove_that_cannot_be_heard_is_refused(table: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    path.write_text(table)
    with pytest.raises(SessionError, match=words):
        LiveHearing(parse_session(table, path), path)


def test_an_index_that_is_none_is_refused_before_anything_sounds(tmp_path: Path) -> None:
    table = f'[timbre]\nindex = "{tmp_path / "none.timbre"}"\n'
    with pytest.raises(SoundError, match="index must be a file that tsumami timbre index has written"):
        LiveHearing(parse_session(table, tmp_path / "show.toml"), None)


def test_only_what_is_asked_for_is_tapped(index: Path) -> None:
    heard = '[input]\nsource = "device"\n'
    for table, stages in (
        ("", 0),
        (heard, 0),
        (f"{heard}[groove]\non = true\n", 1),
        (f'{heard}[timbre]\nindex = "{index}"\n', 1),
        (f'[timbre]\nindex = "{index}"\n', 0),
        (f"{heard}[groove]\non = true\n[page]\non = false\n", 0),
    ):
        hearing = LiveHearing(parse_session(table, Path("show.toml")), None)
        try:
            assert len(hearing.stages) == stages
            config = hearing.config(Message("ready", ""))
            assert (config.memory_name is not None) == bool(stages)
        finally:
            hearing.close()


def test_a_groove_without_an_input_ends_in_one_line() -> None:
    done = run_tsumami("live", "--groove", "--device", "null")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("got true; choose an --input")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("source", "milliseconds"), [("own", 30.0), ("midi", 20.0)])
def test_a_beat_that_is_played_here_is_heard_later(
    source: str, milliseconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the way out, which a beat from elsewhere does not take."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    table = f'[input]\nsource = "device"\n[groove]\non = true\n[tempo]\nsource = "{source}"\n'
    hearing = LiveHearing(parse_session(table, Path("show.toml")), None)
    try:
        engine = Message("ready", "", latency_seconds=0.010, input_latency_seconds=0.030)
        assert hearing.config(engine).latency_seconds == pytest.approx(milliseconds / 1000.0)
    finally:
        hearing.close()
