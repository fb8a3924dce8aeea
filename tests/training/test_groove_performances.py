"""Performances with exact truth: what is heard begins where the truth says, to the frame."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.groove_data import write_data, write_hydrogen_kit, write_rock
from tsumami.engine.errors import SessionError, SoundError
from tsumami.training.groove.drum_kit import DrumKit, drum_map, drum_sample, read_drum_kit
from tsumami.training.groove.hydrogen_kit import read_hydrogen_kit
from tsumami.training.groove.performances import (
    HIT_DTYPE,
    Hits,
    Performance,
    list_performances,
    read_performance,
    render,
)

_RATE = 48_000


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def kit(data: Path) -> DrumKit:
    return read_drum_kit(data / "drum_kit", _RATE)


@pytest.fixture
def played(data: Path) -> Performance:
    return read_performance(data / "groove_midi" / "validation.mid")


def one_hit(time: float, note: int, velocity: int = 100) -> Performance:
    return Performance("hits", 120.0, hits_of([(time, note, velocity)]))


def hits_of(rows: list[tuple[float, int, int]]) -> Hits:
    return np.array(
        [(time, note, velocity, 2 * time, drum_map()[note].lane) for time, note, velocity in rows], HIT_DTYPE
    )


def clicks(sample_rate: int, lead: int) -> DrumKit:
    """A kit whose every sample is a click after ``lead`` frames, ringing on faintly."""
    audio = np.zeros(sample_rate, np.float32)
    audio[lead] = 0.9
    audio[lead + 1 :] = 0.05
    sample = drum_sample(audio, sample_rate)
    return DrumKit(sample_rate, {drum.articulation: [[sample]] for drum in drum_map().values()})


@pytest.mark.parametrize("lead", [0, 1, 137, 900])
@pytest.mark.parametrize("time", [0.0, 0.12345, 1.5])
def test_a_hit_is_heard_at_its_time_to_the_frame(lead: int, time: float) -> None:
    rendered = render(one_hit(time, 38), clicks(_RATE, lead))
    heard = int(np.abs(rendered.audio).argmax())
    assert heard == round(rendered.hits["time_seconds"][0] * _RATE)
    assert heard / _RATE == pytest.approx(time + rendered.first_beat_seconds, abs=0.5 / _RATE + 1e-9)


def test_the_truth_of_a_real_kit_is_where_its_sound_begins(kit: DrumKit, played: Performance) -> None:
    rendered = render(played, kit)
    first = round(rendered.hits["time_seconds"][0] * _RATE)
    assert np.abs(rendered.audio[: first - 2]).max() < 0.1 * np.abs(rendered.audio[first : first + 500]).max()


def test_a_midi_file_is_read_with_its_tempo(tmp_path: Path) -> None:
    write_rock(tmp_path / "rock.mid", bars=2, bpm=96.0, late_ticks=12)
    performance = read_performance(tmp_path / "rock.mid")
    assert performance.bpm == pytest.approx(96.0, abs=1e-3)
    assert len(performance.hits) == 2 * 12
    late_ms = 1000.0 * (performance.hits["time_seconds"] - performance.hits["beat"] * 60.0 / 96.0)
    np.testing.assert_allclose(late_ms, 12 / 480 * 625.0, atol=1e-3)
    assert set(performance.hits["lane"]) == {"kick", "snare", "hat"}


def test_the_programmed_twin_is_on_the_grid(played: Performance) -> None:
    twin = played.programmed(velocity=90)
    np.testing.assert_allclose(twin.hits["time_seconds"], twin.hits["beat"] * 60.0 / twin.bpm)
    assert set(twin.hits["velocity"]) == {90}
    assert len(twin.hits) == len(played.hits)


def test_a_tempo_scales_the_times_alone(played: Performance) -> None:
    slower = played.at_bpm(55.0)
    np.testing.assert_allclose(slower.hits["time_seconds"], 2.0 * played.hits["time_seconds"], rtol=1e-5)
    np.testing.assert_array_equal(slower.hits["beat"], played.hits["beat"])


def test_known_deviations_are_those_asked_for(played: Performance) -> None:
    moved = played.moved(offset_ms=-20.0)
    np.testing.assert_allclose(moved.hits["time_seconds"], played.hits["time_seconds"] - 0.02)
    many = replace(played, hits=np.tile(played.programmed().hits, 60))
    shaken = many.moved(jitter_ms=8.0, seed=1).hits["time_seconds"] - np.sort(many.hits["time_seconds"])
    assert np.abs(shaken).max() > 0.0
    early = render(played.moved(offset_ms=-40.0), clicks(_RATE, 5))
    assert early.hits["time_seconds"].min() >= 0.0


def test_the_same_seed_gives_the_same_sound(kit: DrumKit, played: Performance) -> None:
    one, same, other = (render(played, kit, seed).audio for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_louder_is_louder_and_no_sample_plays_twice_in_a_row(kit: DrumKit) -> None:
    rng = np.random.default_rng(0)
    gains = [kit.sample("sc", velocity, rng)[1] for velocity in (40, 50, 60)]
    assert gains == sorted(gains)
    turns = [kit.sample("sc", 100, rng)[0] for _ in range(12)]
    assert all(one is not other for one, other in itertools.pairwise(turns))


def test_the_hi_hat_ends_what_it_played() -> None:
    open_then_closed = Performance("hats", 120.0, hits_of([(0.0, 46, 100), (0.5, 42, 100)]))
    kit = clicks(_RATE, 0)
    both = render(open_then_closed, kit)
    alone = render(one_hit(0.0, 46), kit)
    before, after = (round((both.first_beat_seconds + at) * _RATE) for at in (0.4, 0.55))
    assert both.audio[before] == alone.audio[before] != 0.0
    assert both.audio[after] == pytest.approx(float(alone.audio[before]), rel=0.1), "one ring, not two"


def test_the_data_set_lists_beats_of_a_split(data: Path, tmp_path: Path) -> None:
    assert [path.name for path in list_performances(data, "train")] == ["train.mid"]
    with pytest.raises(SoundError, match="data must be a folder with groove_midi and drum_kit"):
        list_performances(tmp_path, "train")


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "no.mid").write_bytes(b"nothing")
    with pytest.raises(SessionError, match="data must have readable MIDI files"):
        read_performance(tmp_path / "no.mid")
    with pytest.raises(SoundError, match="data must have a drum kit with every drum, got none for"):
        read_drum_kit(tmp_path, _RATE)
    with pytest.raises(SoundError, match="kits must be folders of Hydrogen's drum kits"):
        read_hydrogen_kit(tmp_path, _RATE)


def test_a_hydrogen_kit_is_known_by_its_names(tmp_path: Path) -> None:
    write_hydrogen_kit(tmp_path / "Kit")
    kit = read_hydrogen_kit(tmp_path / "Kit", _RATE)
    assert set(kit.voices) == {drum.articulation for drum in drum_map().values()}
    soft, loud = (float(np.abs(layer[0].audio).max()) for layer in kit.voices["ks"])
    assert soft < loud
