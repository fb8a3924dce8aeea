"""`tsumami restore`: files of all sorts with lost packets, and what is wrong with them."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.command import run_tsumami
from tsumami.bridge.restoration.job import Job, restore_by
from tsumami.bridge.restoration.restore import restore_file
from tsumami.bridge.restoration.sound_file import SoundReader
from tsumami.bridge.restoration.trace import read_trace
from tsumami.engine.errors import ModelError, ParameterError, SoundError
from tsumami.engine.restoration.concealer import CROSSFADE_SECONDS
from tsumami.engine.restoration.mix_model import NONE

RATE, PACKET = 16_000, 160
CROSSFADE = round(CROSSFADE_SECONDS * RATE)
LOST = np.arange(100) % 20 == 19

Audio = npt.NDArray[np.float64]


def chord(channels: int = 2, frames: int = 100 * PACKET) -> Audio:
    time = np.arange(frames)[:, None] / RATE
    hz = 220.0 * 1.26 ** np.arange(channels)
    return np.asarray(0.4 * np.sin(2 * np.pi * hz * time) + 0.2 * np.sin(2 * np.pi * 3.1 * hz * time))


def lowpassed(noise: Audio) -> Audio:
    """Noise that changes slowly, so that both sides of a gap say something of it."""
    return np.asarray(np.convolve(noise, np.hanning(160), "same") / 10)


def written(path: Path, audio: Audio, subtype: str, rate: int = RATE) -> Path:
    soundfile.write(path, audio, rate, subtype=subtype)
    return path


def touched(lost: npt.NDArray[np.bool_], frames: int) -> npt.NDArray[np.bool_]:
    mask = np.repeat(lost, PACKET)
    for end in np.flatnonzero(np.diff(mask.astype(int)) < 0) + 1:
        mask[end : end + CROSSFADE] = True
    return mask[:frames]


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("a.wav", "PCM_U8"),
        ("a.wav", "PCM_16"),
        ("a.flac", "PCM_24"),
        ("a.wav", "PCM_32"),
        ("a.wav", "FLOAT"),
        ("a.aiff", "DOUBLE"),
    ],
)
def test_what_was_not_lost_is_the_files_own_bit_for_bit(tmp_path: Path, name: str, subtype: str) -> None:
    source, target = written(tmp_path / name, chord(), subtype), tmp_path / f"out-{name}"
    repair = restore_file(source, target, LOST, PACKET)
    assert (repair.lost, repair.gaps, repair.packets) == (5, 5, 100)
    kind = "float64" if subtype in {"FLOAT", "DOUBLE"} else "int32"
    before, after = (soundfile.read(path, dtype=kind, always_2d=True)[0] for path in (source, target))
    assert soundfile.info(target).subtype == subtype
    assert before.shape == after.shape
    mask = touched(LOST, len(before))
    np.testing.assert_array_equal(after[~mask], before[~mask])
    full = 1.0 if kind == "float64" else 2.0**31
    error = (after[mask] - before[mask].astype(np.float64)) / full
    assert np.sqrt(np.mean(error**2)) < (0.02 if subtype == "PCM_U8" else 0.003)


@pytest.mark.parametrize("lookahead_ms", [4.0, 10.0, 35.0])
def test_looking_ahead_is_nearer_and_in_its_place(tmp_path: Path, lookahead_ms: float) -> None:
    rng = np.random.default_rng(2)
    frames = 500 * PACKET - 31
    lost = np.arange(500) % 10 == 9
    audio = chord(1, frames) + 0.05 * lowpassed(rng.standard_normal(frames))[:, None]
    source = written(tmp_path / "in.wav", audio / np.abs(audio).max() / 1.01, "PCM_24")
    before = soundfile.read(source, always_2d=True)[0]
    errors = []
    for milliseconds in (0.0, lookahead_ms):
        target = tmp_path / f"{milliseconds}.wav"
        restore_file(source, target, lost, PACKET, lookahead_ms=milliseconds)
        after = soundfile.read(target, always_2d=True)[0]
        assert after.shape == before.shape
        mask = touched(lost, len(before))
        np.testing.assert_array_equal(after[~mask], before[~mask])
        errors.append(np.square(after - before)[np.repeat(lost, PACKET)[:frames]].sum())
    assert errors[1] < 0.7 * errors[0]


@given(st.integers(-(2**31), 2**31 - 1), st.sampled_from(["PCM_U8", "PCM_16", "PCM_24", "PCM_32"]))
@settings(max_examples=60, deadline=None)
def test_samples_survive_the_way_through_float32_to_their_bits(
    tmp_path_factory: pytest.TempPathFactory, value: int, subtype: str
) -> None:
    path = tmp_path_factory.mktemp("bits") / "one.wav"
    soundfile.write(path, np.full((1, 1), value, np.int32), RATE, subtype=subtype)
    reader = SoundReader(path)
    native = reader.read(1)
    back = reader.to_native(reader.to_audio(native)).astype(np.int64)
    reader.close()
    # Float32 has 24 bits: all of the smaller formats', and the largest to their 2^-24.
    assert abs(int(back[0, 0]) - int(native[0, 0])) <= (128 if subtype == "PCM_32" else 0)


def test_seven_channels_at_192_khz_with_nan(tmp_path: Path) -> None:
    audio = chord(7, 3 * 19_200)
    audio[100, 3] = np.nan
    source, target = written(tmp_path / "in.wav", audio, "FLOAT", 192_000), tmp_path / "out.wav"
    restore_file(source, target, np.arange(30) == 20, 1920)
    after, rate = soundfile.read(target)
    assert (after.shape, rate) == (audio.shape, 192_000)
    assert np.isnan(after[100, 3])
    assert np.isnan(after).sum() == 1


def test_command_tells_what_it_did(tmp_path: Path) -> None:
    source = written(tmp_path / "in.wav", chord()[:-7], "PCM_16")
    trace = tmp_path / "trace.txt"
    trace.write_text("".join("01"[int(is_lost)] for is_lost in LOST) + "\n")
    out = tmp_path / "out.flac"
    told = run_tsumami(
        "restore", str(source), str(out), "--trace", str(trace), "--packet", str(PACKET), "--json"
    )
    assert told.returncode == 0, told.stderr
    document = json.loads(told.stdout)
    assert (document["packets"], document["lost"], document["gaps"]) == (100, 5, 5)
    assert document["repaired_ms"] == pytest.approx(50.0 - 7 / 16, abs=1e-3)
    assert document["longest_gap_ms"] == pytest.approx(10.0)
    assert soundfile.info(out).frames == 100 * PACKET - 7
    again = run_tsumami("restore", str(source), str(out), "--trace", str(trace), "--packet", str(PACKET))
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "--force" in again.stderr


@pytest.mark.parametrize("has_trace", [True, False])
def test_a_model_changes_what_gaps_are_filled_with_and_nothing_else(tmp_path: Path, has_trace: bool) -> None:
    rng = np.random.default_rng(3)
    audio = lowpassed(rng.standard_normal(100 * PACKET))[:, None]
    if not has_trace:
        audio[np.repeat(LOST, PACKET)] = 0.0
    source = written(tmp_path / "in.wav", audio, "PCM_16")
    trace = tmp_path / "trace.txt" if has_trace else None
    if trace is not None:
        trace.write_text("".join("01"[int(is_lost)] for is_lost in LOST))
    packet = PACKET if has_trace else None
    heard = []
    for model in (None, NONE):
        out = tmp_path / f"{model}.wav"
        restore_by(Job(source, out, trace, packet, lookahead_ms=0.0, model=model))
        heard.append(soundfile.read(out)[0])
    mask = touched(LOST, len(audio))
    np.testing.assert_array_equal(heard[0][~mask], heard[1][~mask])
    assert not np.array_equal(heard[0][mask], heard[1][mask])
    bad = written(tmp_path / "model.onnx.wav", audio, "PCM_16")
    with pytest.raises(ModelError, match="must be an ONNX model"):
        restore_by(Job(source, tmp_path / "bad.wav", trace, packet, model=str(bad)))
    assert not (tmp_path / "bad.wav").exists()


@pytest.mark.parametrize(
    ("text", "message"), [("", "got nothing"), ("01x0", "got 'x'"), ("0.5", r"got '\.5'")]
)
def test_a_bad_trace_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "trace.txt"
    path.write_text(text)
    with pytest.raises(ParameterError, match=message):
        read_trace(path)


def test_a_trace_may_have_lines(tmp_path: Path) -> None:
    path = tmp_path / "trace.txt"
    path.write_text("01\n1 0\n")
    assert read_trace(path).tolist() == [False, True, True, False]
    with pytest.raises(ParameterError, match="No such file"):
        read_trace(tmp_path / "none.txt")


def test_a_file_that_ends_early_is_refused(tmp_path: Path) -> None:
    source = written(tmp_path / "in.flac", np.random.default_rng(1).normal(0, 0.1, (16_000, 1)), "PCM_16")
    source.write_bytes(source.read_bytes()[:9000])
    with pytest.raises(SoundError, match=r"in\.flac"):
        restore_file(source, tmp_path / "out.wav", LOST, PACKET)
    assert [path.name for path in tmp_path.iterdir()] == ["in.flac"]


def test_nothing_is_written_when_something_is_wrong(tmp_path: Path) -> None:
    source = written(tmp_path / "in.wav", chord(1), "PCM_16")
    before = source.read_bytes()
    with pytest.raises(ParameterError, match="100 packets of 160 frames, got 99"):
        restore_file(source, tmp_path / "out.wav", LOST[:99], PACKET)
    with pytest.raises(ParameterError, match="another file"):
        restore_file(source, source, LOST, PACKET, overwrite=True)
    with pytest.raises(SoundError, match=r"must end with one of \.wav"):
        restore_file(source, tmp_path / "out.txt", LOST, PACKET)
    with pytest.raises(SoundError, match="no such file"):
        restore_file(tmp_path / "none.wav", tmp_path / "out.wav", LOST, PACKET)
    with pytest.raises(SoundError, match="must be a writable"):
        restore_file(source, tmp_path / "no" / "out.wav", LOST, PACKET)
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(SoundError, match="can be read"):
        restore_file(tmp_path / "text.wav", tmp_path / "out.wav", LOST, PACKET)
    empty = written(tmp_path / "empty.wav", np.zeros((0, 1)), "PCM_16")
    with pytest.raises(SoundError, match="must have samples"):
        restore_file(empty, tmp_path / "out.wav", LOST, PACKET)
    assert source.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.wav", "in.wav", "text.wav"]
