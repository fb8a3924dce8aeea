from collections.abc import Sequence
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsumami.bridge.mapping import compile_mapping
from tsumami.bridge.performance import Performance, read_midi_file
from tsumami.bridge.session.session import MACRO_NAMES, Midi, Session
from tsumami.engine.errors import SessionError
from tsumami.engine.events import EVENT_DTYPE, Kind

MAPPING = compile_mapping(Session(), macros=MACRO_NAMES, parameters=[])
RATE = 48000


def note(kind: str, ticks: int) -> mido.Message:
    return mido.Message(kind, note=60, velocity=127 if kind == "note_on" else 0, time=ticks)


def save(path: Path, *tracks: Sequence[mido.Message | mido.MetaMessage], type: int = 1) -> Path:  # noqa: A002
    file = mido.MidiFile(type=type, ticks_per_beat=480)
    file.tracks.extend(mido.MidiTrack(track) for track in tracks)
    file.save(path)
    return path


def test_times_follow_the_tempo_map_over_all_tracks(tmp_path: Path) -> None:
    tempo = [
        mido.MetaMessage("set_tempo", tempo=500_000),
        mido.MetaMessage("set_tempo", tempo=1_000_000, time=480),  # after half a second: 60 bpm
    ]
    notes = [note("note_on", 240), note("note_off", 480), mido.MetaMessage("end_of_track", time=480)]
    performance = read_midi_file(save(tmp_path / "a.mid", tempo, notes), MAPPING, RATE, tail_seconds=1.5)
    assert performance.events["time"].tolist() == [RATE // 4, RATE]
    assert performance.events["kind"].tolist() == [Kind.NOTE_ON, Kind.NOTE_OFF]
    assert performance.length == 2 * RATE
    assert performance.end == 3.5 * RATE


def test_messages_go_the_way_of_live_input(tmp_path: Path) -> None:
    track = [
        mido.Message("control_change", control=20, value=127, channel=3),
        mido.Message("sysex", data=(1, 2, 3)),
        mido.Message("program_change", program=5),
        note("note_on", 0),
        note("note_off", 10),
    ]
    events = read_midi_file(save(tmp_path / "a.mid", track), MAPPING, RATE).events
    assert events["kind"].tolist() == [Kind.MACRO, Kind.PATCH, Kind.NOTE_ON, Kind.NOTE_OFF]
    assert events["channel"].tolist() == [3, 0, 0, 0]
    assert not events["stamp_ns"].any()


def test_note_without_an_end_is_ended(tmp_path: Path) -> None:
    track = [note("note_on", 0), mido.MetaMessage("end_of_track", time=480)]
    performance = read_midi_file(save(tmp_path / "a.mid", track), MAPPING, RATE)
    assert performance.events["kind"].tolist() == [Kind.NOTE_ON, Kind.NOTE_OFF]
    assert (performance.events["time"] < performance.length).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"RIFF0000WAVEfmt nothing of ours", "must be a Standard MIDI File"),
        (b"", "must be a whole Standard MIDI File"),
        (
            b"MThd\x00\x00\x00\x06\x00\x01\x00\x02\x01\xe0MTrk\x00\x00\x00\x40\x00\x90",
            "must be a whole Standard",
        ),
        (b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\xe7\x28MTrk\x00\x00\x00\x04\x00\xff\x2f\x00", "SMPTE"),
    ],
)
def test_files_that_are_no_midi_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(content)
    with pytest.raises(SessionError, match=message):
        read_midi_file(path, MAPPING, RATE)


def test_missing_independent_and_silent_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=r"MIDI file must be readable, got .*none.mid \(no such file"):
        read_midi_file(tmp_path / "none.mid", MAPPING, RATE)
    with pytest.raises(SessionError, match="type 0 or 1, got type 2"):
        read_midi_file(save(tmp_path / "b.mid", [note("note_on", 0)], type=2), MAPPING, RATE)
    with pytest.raises(SessionError, match="must hold events on a channel listened to, got none"):
        read_midi_file(save(tmp_path / "c.mid", [mido.MetaMessage("end_of_track", time=9)]), MAPPING, RATE)
    other = compile_mapping(Session(midi=Midi(channel=5)), macros=MACRO_NAMES, parameters=[])
    with pytest.raises(SessionError, match="must hold events on a channel listened to, got none"):
        read_midi_file(save(tmp_path / "d.mid", [note("note_on", 0)]), other, RATE)


@given(st.binary(max_size=80))
def test_noise_after_a_header_is_a_performance_or_refused(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.mid"
    size = len(noise).to_bytes(4, "big")
    path.write_bytes(b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x01\xe0MTrk" + size + noise)
    try:
        performance = read_midi_file(path, MAPPING, RATE)
    except SessionError:
        return
    assert (np.diff(performance.events["time"]) >= 0).all()
    assert performance.events["time"][-1] < performance.length


@given(
    st.lists(st.integers(0, 99), min_size=1, max_size=20),
    st.integers(0, 500),
    st.lists(st.integers(0, 150), min_size=1, max_size=8),
)
def test_spans_of_the_loop_join(times: list[int], start: int, sizes: list[int]) -> None:
    events = np.zeros(len(times), EVENT_DTYPE)
    events["time"] = sorted(times)
    events["index"] = np.arange(len(times))
    performance = Performance(events, RATE, 100)
    stops = start + np.cumsum(sizes)
    pieces = [performance.between(a, b) for a, b in zip([start, *stops[:-1]], stops, strict=True)]
    joined = np.concatenate(pieces)
    expected = [
        (turn * 100 + int(row["time"]), int(row["index"]))
        for turn in range(stops[-1] // 100 + 1)
        for row in events
        if start <= turn * 100 + row["time"] < stops[-1]
    ]
    assert list(zip(joined["time"].tolist(), joined["index"].tolist(), strict=True)) == expected
