"""What is played, and what is measured of it, without any plugin."""

import io
import re
from dataclasses import replace

import mido
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tsumami.engine.errors import ParameterError, SessionError
from tsumami.plugins.offline import Flag, RenderSettings
from tsumami.plugins.offline.flags import flag_of, mark_duplicates
from tsumami.plugins.offline.floor import floor_of
from tsumami.plugins.offline.messages import Failed, Rendered
from tsumami.plugins.offline.score import Score, score_of
from tsumami.plugins.offline.wav import wav_bytes
from tsumami.plugins.offline.wav_folder import safe_name

RATE = 22_050


def rendered(peak: float) -> Rendered:
    return Rendered(np.zeros(4, np.float32), peak, 0, np.zeros(1, np.float32))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"note": 128}, "note must be a whole number in 0-127, got 128"),
        ({"velocity": 0}, "velocity must be a whole number in 1-127"),
        ({"hold_seconds": 5.0}, "hold_seconds must be above 0 and at most length_seconds, got 5 of 4"),
        ({"length_seconds": float("nan")}, "length_seconds must be in 0.01-3600 s"),
        ({"sample_rate": 1}, "sample_rate must be a whole number in 8000-192000"),
        ({"channels": 3}, "channels must be a whole number in 1-2"),
        ({"warm_up_seconds": -1.0}, "warm_up_seconds must be in 0-3600 s"),
        ({"fresh": "often"}, "fresh must be one of never, patch, got 'often'"),
    ],
)
def test_settings_out_of_range_are_refused(change: dict[str, float], rule: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(rule)):
        RenderSettings(**change)  # pyright: ignore[reportArgumentType]


@given(
    st.sampled_from([8_000, 22_050, 44_100, 48_000, 96_000, 192_000]),
    st.lists(st.integers(0, 2_000_000), min_size=1, max_size=20),
)
def test_midi_file_has_every_event_on_its_frame(sample_rate: int, times: list[int]) -> None:
    messages = tuple((time, bytes((0x90, 60, 1 + i))) for i, time in enumerate(sorted(times)))
    data = Score(messages, 2_000_001).midi_file(sample_rate)
    seconds, found = 0.0, []
    for message in mido.MidiFile(file=io.BytesIO(data)):
        seconds += message.time
        if not message.is_meta:
            found.append((seconds * sample_rate, bytes(message.bytes())))
    assert [data for _, data in found] == [data for _, data in messages]
    # A plugin host rounds to frames, so less than half a frame apart is the same frame.
    np.testing.assert_allclose([time for time, _ in found], [time for time, _ in messages], atol=0.49)


def midi_file(*messages: mido.Message) -> bytes:
    file = mido.MidiFile(ticks_per_beat=480, tracks=[mido.MidiTrack(messages)])
    written = io.BytesIO()
    file.save(file=written)
    return written.getvalue()


def test_performance_lasts_two_seconds_longer_than_its_file() -> None:
    on, off = mido.Message("note_on", note=60, time=480), mido.Message("note_off", note=60, time=480)
    score = score_of(RenderSettings(midi=midi_file(on, off), length_seconds=0.0))
    assert [time for time, _ in score.messages] == [RATE // 2, RATE]  # 120 bpm
    assert score.frames == 3 * RATE


@pytest.mark.parametrize("data", [b"", b"MThd", b"no midi at all", midi_file()])
def test_what_is_no_performance_is_refused(data: bytes) -> None:
    with pytest.raises(SessionError, match="MIDI file must"):
        score_of(replace(RenderSettings(), midi=data or b"\0"))


def test_floor_of_equal_renders_is_zero_and_of_twice_as_loud_ones_known() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    same = floor_of([(noise, noise)] * 3, RATE)
    assert (same.exact, same.sc_max, same.lsd_max_db) == (3, 0.0, 0.0)
    louder = floor_of([(noise, 2 * noise)], RATE)
    assert louder.exact == 0
    assert louder.sc_median == pytest.approx(3.0)  # power is four times as high
    assert louder.lsd_median_db == pytest.approx(20 * np.log10(2))


@pytest.mark.parametrize(
    ("result", "flag"),
    [
        (rendered(0.5), Flag(0)),
        (rendered(0.0009), Flag.SILENT),
        (rendered(1.0), Flag.CLIPPED),
        (rendered(float("nan")), Flag.NOT_FINITE),
        (Failed("crashed"), Flag.CRASHED),
        (Failed("hung"), Flag.HUNG),
        (Failed("refused"), Flag.REFUSED),
    ],
)
def test_flag_says_what_is_wrong(result: Rendered | Failed, flag: Flag) -> None:
    assert flag_of(result) == flag


def test_duplicates_point_to_the_first() -> None:
    flags = np.array([0, 0, 0, Flag.SILENT, Flag.SILENT, Flag.CRASHED, Flag.CRASHED], np.uint16)
    hashes = np.array([7, 7, 9, 1, 1, 0, 0], np.uint64)
    marked, same_as = mark_duplicates(flags, ["a", "b", "a", "c", "d", "e", "f"], hashes)
    assert marked.tolist() == [
        0,
        Flag.SAME_AUDIO,
        Flag.SAME_PARAMETERS,
        Flag.SILENT,
        Flag.SILENT,
        Flag.CRASHED,
        Flag.CRASHED,
    ]
    assert same_as.tolist() == [-1, 0, 0, -1, -1, -1, -1]
    again, _ = mark_duplicates(marked, ["a", "b", "a", "c", "d", "e", "f"], hashes)
    assert again.tolist() == marked.tolist()


@pytest.mark.parametrize("shape", [(100,), (2, 100)])
def test_wav_file_holds_the_samples(shape: tuple[int, ...]) -> None:
    audio = np.random.default_rng(0).normal(0, 2, shape).astype(np.float32)
    data = wav_bytes(audio, RATE)
    read, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    np.testing.assert_array_equal(read.T, audio)
    assert rate == RATE
    assert wav_bytes(audio, RATE) == data


@given(st.text())
def test_safe_name_is_a_name_for_every_file_system(name: str) -> None:
    safe = safe_name(name)
    assert 1 <= len(safe) <= 60
    assert not set(safe) & set('/\\:*?"<>|\0\n')
    assert safe == safe.strip(" .")
