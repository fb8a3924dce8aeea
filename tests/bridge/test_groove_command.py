"""`tsumami groove`: a recording in, its lean out; what cannot be known is not claimed."""

import json
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from tests.command import run_tsumami, run_tsumami_json
from tests.drum_sounds import Hit, play, rock
from tests.groove_data import write_rock
from tsumami.bridge.groove.analysis import analyse
from tsumami.bridge.groove.drum_notes import LANE_NOTES, lane_of
from tsumami.bridge.groove.picture import draw_groove
from tsumami.bridge.groove.template import apply_template, template_of, write_template
from tsumami.engine.errors import ParameterError, SessionError, SoundError
from tsumami.engine.groove import LANES

_RATE = 48_000
_BPM = 110.0
_BEAT = 60.0 / _BPM


def record(path: Path, hits: list[Hit], sample_rate: int = _RATE) -> Path:
    soundfile.write(path, play(hits, sample_rate), sample_rate, "FLOAT")
    return path


def leaning_snare(bars: int, late_ms: float) -> list[Hit]:
    """Rock whose snare, and the hat with it, is late."""
    hits = rock(bars, _BPM)
    backbeats = {time for time, lane, _ in hits if lane == "snare"}
    return [(time + late_ms / 1000.0 * (time in backbeats), lane, gain) for time, lane, gain in hits]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("sound") / "rock.wav", rock(8, _BPM))


def test_the_document_is_as_promised(recording: Path) -> None:
    document = run_tsumami_json("groove", str(recording), "--bpm", "110")
    assert list(document) == ["bpm", "grid", "hits", "summary"]
    assert set(document["hits"][0]) == {
        "time_seconds", "lane", "strength_db", "deviation_ms", "grid_position", "confidence", "kl",
    }  # fmt: skip
    assert document["bpm"] == pytest.approx(110.0, abs=1e-3)
    assert document["grid"]["feel"] == "straight"
    assert document["hits"][0]["kl"] is None
    assert document["summary"]["bias_ms"] is None, "the grid is the hits' own"
    assert document["summary"]["spread_ms"] < 2.0
    assert document["summary"]["lanes"]["snare"]["hits"] == 16


def test_people_read_lanes_and_what_to_mind(recording: Path, tmp_path: Path) -> None:
    plot, midi = tmp_path / "page.png", tmp_path / "groove.mid"
    done = run_tsumami("groove", str(recording), "--plot", str(plot), "--midi", str(midi))
    assert done.returncode == 0, done.stderr
    for word in ("rock.wav", "kick", "snare", "hat", "position in beat", "cannot be known", str(plot)):
        assert word in done.stdout
    assert plot.read_bytes().startswith(b"\x89PNG")
    again = run_tsumami("groove", str(recording), "--plot", str(plot))
    assert again.returncode == 2
    assert "output must be a new file" in again.stderr


def test_a_late_snare_is_late(tmp_path: Path) -> None:
    straight = analyse(record(tmp_path / "a.wav", leaning_snare(8, 0.0)), _BPM).lean
    late = analyse(record(tmp_path / "b.wav", leaning_snare(8, 24.0)), _BPM).lean
    snare, kick = LANES.index("snare"), LANES.index("kick")

    def apart(leaning: object) -> float:
        deviation, lanes = leaning.deviation_ms, leaning.lanes  # type: ignore[attr-defined]
        return float(np.median(deviation[lanes == snare]) - np.median(deviation[lanes == kick]))

    assert apart(late) - apart(straight) == pytest.approx(24.0, abs=0.5)


@pytest.mark.parametrize("late_ms", [0.0, 15.0, -20.0])
def test_a_reference_that_began_together_tells_the_bias(tmp_path: Path, late_ms: float) -> None:
    write_rock(tmp_path / "meant.mid", bars=8, bpm=_BPM)
    sound = record(tmp_path / "played.wav", rock(8, _BPM, begin=0.06, late_ms=late_ms - 60.0)[2:])
    document = analyse(sound, reference=tmp_path / "meant.mid").document()
    assert document["summary"]["bias_ms"] == pytest.approx(late_ms, abs=1.5), "of sounds never heard before"
    assert document["grid"]["source"] == "reference"
    assert document["grid"]["knows_time"]
    assert all(hit["grid_position"] % 0.5 == 0.0 for hit in document["hits"])


def test_a_reference_that_begins_elsewhere_tells_no_bias(tmp_path: Path) -> None:
    write_rock(tmp_path / "meant.mid", bars=8, bpm=_BPM)
    found = analyse(
        record(tmp_path / "played.wav", rock(4, _BPM, begin=3.1)), reference=tmp_path / "meant.mid"
    )
    assert found.document()["summary"]["bias_ms"] is None
    assert any("reference begins at" in remark for remark in found.remarks)
    assert any("only one of them has" in remark for remark in found.remarks)


def test_a_recording_is_a_reference_too(recording: Path, tmp_path: Path) -> None:
    late = record(tmp_path / "late.wav", rock(8, _BPM, late_ms=12.0))
    found = analyse(late, bpm=_BPM, reference=recording).document()
    assert found["summary"]["bias_ms"] == pytest.approx(12.0, abs=0.3)
    assert all(hit["kl"] > 0.0 for hit in found["hits"])


def test_what_sounds_otherwise_diverges(recording: Path, tmp_path: Path) -> None:
    """A performance that is its own reference does not; ghost notes that only it has do."""
    ghosts = [(0.5 + (beat + 0.75) * _BEAT, "snare", 0.1) for beat in range(0, 32, 4)]
    own = analyse(recording, _BPM, recording)
    other = analyse(record(tmp_path / "ghosts.wav", [*rock(8, _BPM), *ghosts]), _BPM, recording)
    assert own.divergence is not None
    assert other.divergence is not None
    assert np.nanmax(own.divergence.at_hits) < 1e-3, "rounding"
    times = other.recording.times
    is_ghost = np.abs(times[:, None] - np.array([time for time, *_ in ghosts])).min(axis=1) < 0.01
    assert is_ghost.sum() >= 6
    kl = other.divergence.at_hits
    assert np.median(kl[is_ghost]) > 10.0 * np.median(kl[~is_ghost])
    assert draw_groove(other).startswith(b"\x89PNG")
    curve = other.document()["summary"]["kl"]
    assert len(curve["level_db"]) == int(other.recording.seconds / curve["step_seconds"])


def test_where_the_reference_has_ended_nothing_diverges(recording: Path, tmp_path: Path) -> None:
    short = record(tmp_path / "short.wav", rock(4, _BPM))
    hits = analyse(recording, _BPM, short).document()["hits"]
    assert hits[0]["kl"] is not None
    assert hits[-1]["kl"] is None


def test_stereo_and_other_rates_are_heard_alike(recording: Path, tmp_path: Path) -> None:
    expected = analyse(recording, _BPM).lean
    audio = play(rock(8, _BPM), 44_100)
    soundfile.write(tmp_path / "stereo.wav", np.stack([audio, 0.6 * audio], axis=1), 44_100, "FLOAT")
    found = analyse(tmp_path / "stereo.wav", _BPM).lean
    assert abs(len(found.seconds) - len(expected.seconds)) <= 2
    assert found.grid.beat_seconds[0] == pytest.approx(expected.grid.beat_seconds[0], abs=0.001)


def test_channels_that_cancel_are_heard(tmp_path: Path) -> None:
    audio = play(rock(4, _BPM), _RATE)
    soundfile.write(tmp_path / "apart.wav", np.stack([audio, -audio], axis=1), _RATE, "FLOAT")
    assert len(analyse(tmp_path / "apart.wav", _BPM).lean.seconds) >= 32


def test_a_low_rate_is_told(tmp_path: Path) -> None:
    found = analyse(record(tmp_path / "low.wav", rock(8, _BPM), 8_000), _BPM)
    assert any("8000 samples a second" in remark for remark in found.remarks)


def test_a_tempo_that_is_not_kept_is_followed(tmp_path: Path) -> None:
    hits = [(0.5 + (time - 0.5) * 1.02, lane, gain) for time, lane, gain in rock(16, _BPM)]
    found = analyse(record(tmp_path / "slow.wav", hits), _BPM)
    assert found.lean.grid.bpm == pytest.approx(_BPM / 1.02, rel=0.002)
    assert any("do not keep to 110 bpm" in remark for remark in found.remarks)


def test_a_sudden_change_of_tempo_is_told(tmp_path: Path) -> None:
    change = 0.5 + 32 * _BEAT
    faster = [(change + (time - 0.5) * 0.83, lane, gain) for time, lane, gain in rock(8, _BPM)]
    found = analyse(record(tmp_path / "two.wav", [*rock(8, _BPM), *faster]), _BPM)
    assert any("tempo" in remark or "bpm" in remark for remark in found.remarks)


def test_a_clip_that_begins_in_a_bar_finds_the_bar(tmp_path: Path) -> None:
    hits = [(time, lane, gain) for time, lane, gain in rock(8, _BPM, begin=-_BEAT + 0.1) if time >= 0.05]
    grid = analyse(record(tmp_path / "mid.wav", hits), _BPM).lean.grid
    first = round(float(grid.beat_of(np.array([0.1]))[0])) + grid.first_beat
    assert first % 2 == 1, "a snare's beat"


@pytest.mark.parametrize(
    ("sound", "message"),
    [
        ("silence", "sound must have hits of drums, got silence"),
        ("noise", "sound must have .*hits"),
        ("three", "sound must have 8 hits or more for a grid to be found, got"),
    ],
)
def test_nothing_is_made_of_nothing(tmp_path: Path, sound: str, message: str) -> None:
    sounds = {
        "silence": np.zeros(_RATE, np.float32),
        "noise": np.random.default_rng(0).normal(0.0, 0.1, 3 * _RATE).astype(np.float32),
        "three": play([(0.5, "kick", 1.0), (1.0, "kick", 1.0), (1.5, "kick", 1.0)], _RATE),
    }
    soundfile.write(tmp_path / "sound.wav", sounds[sound], _RATE, "FLOAT")
    with pytest.raises(SoundError, match=message):
        analyse(tmp_path / "sound.wav", _BPM)


def test_what_cannot_be_used_is_one_line(recording: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="bpm must be in 30-300, got 9"):
        analyse(recording, 9.0)
    with pytest.raises(SoundError, match="sound must be an audio file"):
        analyse(tmp_path / "none.wav")
    with pytest.raises(SessionError, match=r"reference must be a MIDI file, got .*no such file"):
        analyse(recording, reference=tmp_path / "none.mid")
    mido.MidiFile().save(tmp_path / "empty.mid")
    with pytest.raises(SessionError, match="reference must have notes, got none"):
        analyse(recording, reference=tmp_path / "empty.mid")
    for words, message in (
        (["--apply", str(tmp_path / "empty.mid")], "midi must be given with --apply"),
        (["--plot", str(tmp_path / "page.jpg")], "output must end with .png"),
    ):
        done = run_tsumami("groove", str(recording), *words)
        assert done.returncode == 2
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1


def note_times(path: Path) -> dict[int, list[float]]:
    """Beats of each note's beginnings."""
    midi, times = mido.MidiFile(path), dict[int, list[float]]()
    for track in midi.tracks:
        ticks = 0
        for message in track:
            ticks += message.time
            if message.type == "note_on" and message.velocity:
                times.setdefault(message.note, []).append(ticks / midi.ticks_per_beat)
    return times


def test_a_template_holds_the_lean_and_gives_it_to_others(tmp_path: Path) -> None:
    late_ms = 20.0
    found = analyse(record(tmp_path / "late.wav", leaning_snare(8, late_ms)), _BPM)
    template = template_of(found.lean)
    write_template(template, tmp_path / "template.mid")
    notes = note_times(tmp_path / "template.mid")
    late_beats = late_ms / 1000.0 / _BEAT
    snare, kick = (np.array(notes[LANE_NOTES[lane]]) for lane in ("snare", "kick"))
    assert len(snare) == len(kick) == 4, "two bars"
    apart = np.median(snare - np.rint(snare)) - np.median(kick[1:] - np.rint(kick[1:]))
    assert apart == pytest.approx(late_beats, abs=0.006)

    write_rock(tmp_path / "other.mid", bars=2, bpm=90.0)
    assert apply_template(template, tmp_path / "other.mid", tmp_path / "moved.mid") == 24
    moved = note_times(tmp_path / "moved.mid")
    shift = np.median(np.array(moved[38]) % 1.0)
    late_at_90 = late_ms / 1000.0 * 90.0 / 60.0
    assert shift - np.median((np.array(moved[36])[1:] + 0.5) % 1.0 - 0.5) == pytest.approx(
        late_at_90, abs=0.006
    )
    assert [len(times) for times in moved.values()] == [
        len(times) for times in note_times(tmp_path / "other.mid").values()
    ]


def test_every_lane_is_written_as_a_note_of_its_own() -> None:
    assert [LANES[lane_of(note)] for note in LANE_NOTES.values()] == list(LANE_NOTES)


def test_the_command_puts_a_groove_onto_a_file(recording: Path, tmp_path: Path) -> None:
    write_rock(tmp_path / "other.mid", bars=1)
    out = tmp_path / "out.mid"
    done = run_tsumami(
        "groove",
        str(recording),
        "--bpm",
        "110",
        "--midi",
        str(out),
        "--apply",
        str(tmp_path / "other.mid"),
        "--json",
    )
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)
    assert len(note_times(out)) == 3
