"""`tsumami timbre`: sounds of the real synthesizer found again at other pitches, in files and live."""

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.bridge.live_process import running, running_live
from tests.bridge.test_groove_live import play_into
from tests.command import run_tsumami, run_tsumami_json
from tests.jack import running_jack_server
from tests.leftovers import assert_nothing_left
from tsumami.engine.timbre.encoder import TimbreEncoder
from tsumami.plugins import load_bank, render_patch

RATE = 44_100
PATCHES = ("Solo Saw", "Toy Piano", "Night Whistle", "Slow Strings", "Deep Sub", "Koto Garden")
INDEXED, ASKED = 60, 67
TRAIN = ("train", "timbre", "--data", ".", "--folder", "f")


def note(name: str, number: int, seconds: float = 1.2, rate: int = RATE) -> Any:
    """A patch of the bank as one note, float32 ``[frames]``."""
    patch = next(each for each in load_bank() if each.name == name)
    sound = render_patch(
        patch.values, note=number, hold_seconds=seconds, length_seconds=seconds, sample_rate=rate
    )
    return sound.mean(axis=0)


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of one note each, at one pitch."""
    folder = tmp_path_factory.mktemp("sounds")
    for name in PATCHES:
        soundfile.write(folder / f"{name}.wav", note(name, INDEXED), RATE)
    return folder


@pytest.fixture(scope="module")
def index(sounds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("index") / "sounds.timbre"
    made = run_tsumami_json("timbre", "index", str(sounds), "-o", str(path))
    assert made == {"index": str(path), "sounds": len(PATCHES), "left_out": 0}
    return path


def written(folder: Path, name: str, samples: Any, rate: int = RATE) -> str:
    path = folder / name
    soundfile.write(path, samples, rate)
    return str(path)


@pytest.mark.parametrize("name", PATCHES[:3])
def test_a_sound_is_found_at_another_pitch(name: str, index: Path, tmp_path: Path) -> None:
    asked = written(tmp_path, "asked.wav", 0.1 * note(name, ASKED, rate=48_000), 48_000)
    found = run_tsumami_json("timbre", "find", asked, "--index", str(index))
    assert found["nearest"][0]["name"] == name
    assert found["note"] % 12 == pytest.approx(ASKED % 12, abs=0.3), "its pitch, or an octave of it"
    distances = [near["distance"] for near in found["nearest"]]
    assert distances == sorted(distances)


def test_the_nearest_is_loaded_into_a_live_session(tmp_path: Path) -> None:
    asked = written(tmp_path, "asked.wav", note("Solo Saw", ASKED))
    port = "9127"
    with running_live("--device", "null", "--no-demo", "--osc-port", port) as live:
        found = run_tsumami(
            "timbre", "find", asked, "--load", "--osc-port", port, XDG_CACHE_HOME=str(tmp_path)
        )
        assert found.returncode == 0, found.stderr
        loaded = found.stdout.splitlines()[1].split(maxsplit=1)[1]
        assert f"{loaded} is loaded" in found.stderr
        summary = live.end(signal.SIGINT)
    assert summary["osc"]["refused"] == 0
    assert summary["osc"]["received"] == 2
    assert_nothing_left()


def test_nobody_to_load_into_is_said(index: Path, tmp_path: Path) -> None:
    asked = written(tmp_path, "asked.wav", note("Solo Saw", ASKED))
    found = run_tsumami("timbre", "find", asked, "--index", str(index), "--load", "--osc-port", "9128")
    assert found.returncode == 2
    assert found.stderr.count("\n") == 1
    assert "a live session must listen at 127.0.0.1:9128" in found.stderr


def bad_sounds() -> dict[str, tuple[Any, str]]:
    """Sounds that are no note, with a part of what is said of each."""
    rng = np.random.default_rng(0)
    chord = sum(note("Solo Saw", number) for number in (60, 61, 66, 71))
    return {
        "silent.wav": (np.zeros(RATE), "got silence"),
        "empty.wav": (np.zeros(0), "got none"),
        "short.wav": (note("Solo Saw", 60)[: RATE // 20], "sound must last 0.12 s"),
        "noise.wav": (0.3 * rng.standard_normal(RATE), "one note with a clear pitch"),
        "chord.wav": (0.2 * chord, "one note with a clear pitch"),
    }


@pytest.mark.parametrize("name", ["silent.wav", "empty.wav", "short.wav", "noise.wav", "chord.wav"])
def test_what_is_no_note_is_refused_in_one_line(name: str, index: Path, tmp_path: Path) -> None:
    samples, words = bad_sounds()[name]
    found = run_tsumami("timbre", "find", written(tmp_path, name, samples), "--index", str(index))
    assert found.returncode == 2
    assert found.stderr.count("\n") == 1
    assert words in found.stderr


def test_noise_is_heard_where_that_is_asked_for(index: Path, tmp_path: Path) -> None:
    noise = 0.3 * np.random.default_rng(0).standard_normal(RATE)
    asked = written(tmp_path, "noise.wav", noise)
    found = run_tsumami_json("timbre", "find", asked, "--index", str(index), "--any-pitch", "--count", "2")
    assert found["note"] is None
    assert len(found["nearest"]) == 2


def test_a_long_sound_costs_its_beginning_alone(index: Path, tmp_path: Path) -> None:
    once = note("Toy Piano", ASKED, 2.5)
    long = np.concatenate([np.zeros(RATE), once, 0.3 * np.random.default_rng(1).standard_normal(60 * RATE)])
    asked = written(tmp_path, "long.wav", long)
    found = run_tsumami_json("timbre", "find", asked, "--index", str(index))
    assert found["nearest"][0]["name"] == "Toy Piano"


def test_what_cannot_be_indexed_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    silent = tmp_path / "silent"
    silent.mkdir()
    written(silent, "a.wav", np.zeros(RATE))
    for place, words in (
        (tmp_path / "empty", "folder must hold sounds"),
        (silent, "sounds to index must be at least one that is heard"),
        (tmp_path / "none", "sounds must be a folder or a data set"),
        (tmp_path / "none.zarr", "data set must be one that tsumami render has written"),
    ):
        made = run_tsumami("timbre", "index", str(place), "-o", str(tmp_path / "out.timbre"))
        assert made.returncode == 2
        assert made.stderr.count("\n") == 1
        assert words in made.stderr
    assert not (tmp_path / "out.timbre").exists()


def test_an_index_of_another_encoder_is_refused(index: Path, tmp_path: Path) -> None:
    with np.load(index) as stored:
        arrays = {**stored, "encoder": np.array("0123456789abcdef")}
    other = tmp_path / "other.timbre"
    with other.open("wb") as file:
        np.savez(file, **arrays)
    asked = written(tmp_path, "asked.wav", note("Solo Saw", ASKED))
    for path, words in ((other, "index must be made by the encoder"), (Path(asked), "index must be a file")):
        found = run_tsumami("timbre", "find", asked, "--index", str(path))
        assert found.returncode == 2
        assert found.stderr.count("\n") == 1
        assert words in found.stderr


def test_a_data_set_is_indexed_by_its_names(tmp_path: Path) -> None:
    rendered = run_tsumami(
        "render",
        "--builtin",
        "--note",
        "55",
        "--hold",
        "1",
        "--length",
        "1.2",
        "--out",
        str(tmp_path / "b.zarr"),
    )
    assert rendered.returncode == 0, rendered.stderr
    made = run_tsumami_json("timbre", "index", str(tmp_path / "b.zarr"), "-o", str(tmp_path / "b.timbre"))
    assert made["sounds"] + made["left_out"] == len(load_bank())
    asked = written(tmp_path, "asked.wav", note("Solo Saw", ASKED))
    found = run_tsumami_json("timbre", "find", asked, "--index", str(tmp_path / "b.timbre"))
    assert "Solo Saw" in [near["name"] for near in found["nearest"]]


def test_a_map_names_its_groups(index: Path, tmp_path: Path) -> None:
    picture = tmp_path / "map.png"
    words = ("timbre", "map", "--index", str(index), "-o", str(picture), "--groups", "2")
    drawn = run_tsumami_json(*words)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert sorted(row["name"] for row in drawn["sounds"]) == sorted(PATCHES)
    assert {row["group"] for row in drawn["sounds"]} <= set(PATCHES)
    again = run_tsumami(*words)
    assert again.returncode == 2
    assert "give --force to write over it" in again.stderr


@pytest.mark.parametrize(
    ("pitch_of", "timbre_of"), [("Solo Saw", "Night Whistle"), ("Toy Piano", "Solo Saw")]
)
def test_a_swap_has_the_pitch_of_the_first_and_the_timbre_of_the_second(
    pitch_of: str, timbre_of: str, index: Path, tmp_path: Path
) -> None:
    first = written(tmp_path, "a.wav", note(pitch_of, 64))
    second = written(tmp_path, "b.wav", note(timbre_of, 57))
    wanted = run_tsumami_json("timbre", "find", first, "--index", str(index))["note"]
    out = tmp_path / "swapped.wav"
    run_tsumami_json("timbre", "swap", first, second, "-o", str(out))
    found = run_tsumami_json("timbre", "find", str(out), "--index", str(index))
    assert found["note"] == pytest.approx(wanted, abs=0.2)
    assert found["nearest"][0]["name"] == timbre_of


def test_a_played_line_is_answered_note_by_note(index: Path) -> None:
    rest = np.zeros(24_000, np.float32)
    played = [part for name in PATCHES[:2] for part in (rest, note(name, ASKED, 0.8, 48_000))]
    line = np.concatenate([*played, rest]).astype(np.float32)
    words = ("timbre", "find", "--live", "--index", str(index), "--json", "--count", "1")
    with (
        running_jack_server(block_size=512, purpose="timbre") as server,
        running(*words, begun="hearing") as live,
    ):
        play_into(server, live, line, lambda _: None)
        live.process.send_signal(signal.SIGINT)
        lines = [json.loads(text) for text in live.printed().splitlines()]
    assert [found["nearest"][0]["name"] for found in lines] == list(PATCHES[:2])
    assert lines[1]["begin_seconds"] - lines[0]["begin_seconds"] == pytest.approx(1.3, abs=0.05)
    assert_nothing_left()


def test_the_encoder_that_ships_is_one() -> None:
    assert len(TimbreEncoder().hash) == 16


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*TRAIN, "--plugin", "a.so"), "plugin and presets must be given together"),
        ((*TRAIN, "--out", "a.wav"), "out must end with .onnx"),
        (TRAIN, "data must be a folder with a readable notes.csv"),
        (("evaluate", "timbre", "--runs", "."), "runs must be a folder that tsumami train timbre has made"),
        (("timbre", "find"), "sound must be a recording, or none with --live"),
        (("timbre", "map", "-o", "map.jpg"), "--out must end with .png"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run_tsumami(*words)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
