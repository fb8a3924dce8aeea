import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.control_log import ControlLogWriter, LogHeader, read_control_log
from tsumami.bridge.session.session import MACRO_NAMES, Session
from tsumami.engine.errors import SessionError
from tsumami.engine.events import EVENT_DTYPE, NO_EVENTS, Events, Kind, event

PARAMETERS = ["cutoff", "resonance", "drive", 'a "quoted" näme']
HEADER = LogHeader(
    sample_rate=48000,
    block_size=128,
    session=Session(),
    patch="Warm Pad",
    started="2025-01-02T03:04:05+00:00",
    parameters=PARAMETERS,
    macros=list(MACRO_NAMES),
)
HEADER_LINE = {
    "sample_rate": 48000,
    "block_size": 128,
    "session": {},
    "patch": "",
    "started": "",
    "parameters": PARAMETERS,
    "macros": list(MACRO_NAMES),
}

_INDEX = {
    Kind.NOTE_ON: st.integers(0, 127),
    Kind.NOTE_OFF: st.integers(0, 127),
    Kind.PRESSURE: st.integers(-1, 127),
    Kind.PARAMETER: st.integers(0, len(PARAMETERS) - 1),
    Kind.MACRO: st.integers(0, 7),
    Kind.PATCH: st.integers(0, 1000),
    Kind.CONTROL: st.integers(0, 119),
    Kind.NOTE_BEND: st.integers(0, 127),
    Kind.NOTE_SLIDE: st.integers(0, 127),
    Kind.LOOP: st.integers(0, 20),
    Kind.LATENT: st.integers(0, 31),
    Kind.REPAIR: st.integers(0, 1),
}
_NEVER_LOGGED = (Kind.LOST, Kind.COMMAND, Kind.MORPH, Kind.TEMPO, Kind.GROOVE)
_WITHOUT_VALUE = (Kind.ALL_NOTES_OFF, Kind.ALL_SOUND_OFF, Kind.PANIC, Kind.PATCH)


@st.composite
def event_rows(draw: st.DrawFn) -> tuple[int, int, float, int, int, int]:
    kind = draw(st.sampled_from([kind for kind in Kind if kind not in _NEVER_LOGGED]))
    value = 0.0 if kind in _WITHOUT_VALUE else draw(st.floats(-1, 4, allow_nan=False))
    time = draw(st.one_of(st.integers(0, 3), st.integers(0, 2**60)))
    return (time, 0, value, draw(_INDEX.get(kind, st.just(0))), int(kind), draw(st.integers(0, 15)))


def rows(*events: Events) -> Events:
    return np.concatenate([NO_EVENTS, *events])


@given(st.lists(st.lists(event_rows())))
def test_what_is_written_is_read_exactly(blocks: list[list[tuple[int, int, float, int, int, int]]]) -> None:
    flat = sorted((row for block in blocks for row in block), key=lambda row: row[0])
    events = np.array(flat, EVENT_DTYPE)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        writer = ControlLogWriter(path, HEADER)
        cuts = np.cumsum([len(block) for block in blocks])
        for piece in np.split(events, cuts):
            writer.write(piece)
        writer.close(end=2**60, blocks=7)
        log = read_control_log(path)
    assert log.header == HEADER
    assert log.end == 2**60
    assert log.is_complete
    np.testing.assert_array_equal(log.events, events)
    assert log.events["value"].tobytes() == events["value"].tobytes()


def test_parameters_of_one_time_share_a_line(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    writer = ControlLogWriter(path, HEADER)
    writer.write(
        rows(
            event(Kind.MACRO, 0, 0.7, time=5),
            event(Kind.PARAMETER, 0, 0.512, time=5),
            event(Kind.PARAMETER, 2, 1.0, time=5),
            event(Kind.PARAMETER, 0, 0.6, time=5),
            event(Kind.PARAMETER, 0, 0.7, time=9),
            event(Kind.NOTE_ON, 60, 0.8, time=9, channel=3),
        )
    )
    writer.close(end=128, blocks=1)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0]["tsumami_log"] == 1
    assert lines[0]["session"]["device"]["block_size"] == 128
    assert lines[1:] == [
        {"t": 5, "macro": ["bright", 0.7]},
        {"t": 5, "parameters": {"cutoff": 0.512, "drive": 1.0}},
        {"t": 5, "parameters": {"cutoff": 0.6}},
        {"t": 9, "parameters": {"cutoff": 0.7}},
        {"t": 9, "channel": 3, "note_on": [60, 0.8]},
        {"end": 128, "blocks": 1},
    ]


def test_every_write_is_in_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    writer = ControlLogWriter(path, HEADER)
    writer.write(event(Kind.NOTE_ON, 60, 0.5, time=64))
    log = read_control_log(path)
    writer.close(end=128, blocks=1)
    assert log.events["index"].tolist() == [60]
    assert (log.end, log.is_complete) == (64, False)


def test_log_cut_anywhere_gives_its_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    writer = ControlLogWriter(path, HEADER)
    for time in range(5):
        writer.write(event(Kind.SUSTAIN, 0, 1.0, time=time))
    writer.close(end=128, blocks=1)
    whole = path.read_bytes()
    for size in range(whole.index(b"\n") + 1, len(whole)):
        path.write_bytes(whole[:size])
        log = read_control_log(path)
        assert not log.is_complete
        assert len(log.events) == min(whole[:size].count(b"\n") - 1, 5)


def test_events_get_the_rows_of_the_table_that_plays_them(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    writer = ControlLogWriter(path, HEADER)
    writer.write(event(Kind.PARAMETER, 1, 0.5, time=0))
    writer.close(end=1, blocks=1)
    table = ["volume", "drive", "resonance"]
    assert read_control_log(path, parameters=table).events["index"].tolist() == [2]
    with pytest.raises(SessionError, match=r":2: parameter .* got 'resonance'; did you mean resonant\?"):
        read_control_log(path, parameters=["resonant"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "got: Input data was truncated"),
        ('{"t": 1}', "exactly one of .*, got 0"),
        ('{"t": 1, "gain": 1.0, "sustain": 1.0}', "exactly one of .*, got 2"),
        ('{"t": -1, "gain": 1.0}', r"Expected `int` >= 0 - at `\$.t`"),
        ('{"t": 1, "note_on": [200, 1.0]}', r"Expected `int` <= 127"),
        ('{"t": 1, "volume": 1.0}', "unknown field `volume`"),
        ('{"t": 1, "macro": ["brigt", 1.0]}', "got 'brigt'; did you mean bright"),
        ('{"end": 5}', "missing required field `blocks`"),
    ],
)
def test_broken_line_is_refused_with_its_number(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(
        f'{json.dumps(HEADER_LINE)}\n{{"t": 0, "gain": 1.0}}\n{line}\n{{"end": 1, "blocks": 1}}\n'
    )
    with pytest.raises(SessionError, match=f"log.jsonl:3: .*{message}"):
        read_control_log(path)


def test_line_after_the_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(f'{json.dumps(HEADER_LINE)}\n{{"end":1,"blocks":1}}\n{{"t":1,"gain":1.0}}\n')
    with pytest.raises(SessionError, match=r"log.jsonl:3: log must stop after its end"):
        read_control_log(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "log must start with its header, got no whole line"),
        (b"\x00\x01\n", r"log.jsonl:1: line must be one of a control log"),
        (b'{"tsumami_log": 2}\n', r"log.jsonl:1: line must be one of a control log, got: .* <= 1"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(content)
    with pytest.raises(SessionError, match=message):
        read_control_log(path)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=r"log must be a readable file, got .* \(no such file"):
        read_control_log(tmp_path / "none")
    with pytest.raises(SessionError, match=r"log must be a file that can be written, got .* \(no such file"):
        ControlLogWriter(tmp_path / "none" / "log.jsonl", HEADER)


def test_full_disk_is_reported() -> None:
    with pytest.raises(SessionError, match="no space left"):
        ControlLogWriter(Path("/dev/full"), HEADER)
