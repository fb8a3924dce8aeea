"""The training of the mixer: its examples say what errors are, it learns, and the engine runs its file."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from tests.command import run_tsumami
from tsumami.engine.errors import SoundError
from tsumami.engine.inference.contract_file import check_contract
from tsumami.engine.restoration.concealer import Concealer
from tsumami.engine.restoration.mix_model import MixModel
from tsumami.training.restoration import mixer_examples
from tsumami.training.restoration.mixer_clips import RATE, SECONDS, Sources, clip_of, find_sources
from tsumami.training.restoration.mixer_examples import FORMATS, Examples, examples_of
from tsumami.training.restoration.mixer_fit import SCHEDULES, Schedule, fit_mixer
from tsumami.training.restoration.mixer_network import Gaps


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of tones that come and go, and the notes of one instrument."""
    folder = tmp_path_factory.mktemp("sound")
    rng = np.random.default_rng(1)
    time = np.arange(32 * 22_050) / 22_050
    hz, beats = rng.uniform(100, 3000, (8, 1)), rng.uniform(0.5, 3.0, (8, 1))
    tones = np.sin(2 * np.pi * hz * time) * np.maximum(np.sin(2 * np.pi * beats * time), 0.0)
    soundfile.write(folder / "music.wav", 0.05 * tones.sum(axis=0), 22_050)
    (folder / "harp").mkdir()
    for number in range(60):
        note = np.sin(2 * np.pi * rng.uniform(100, 800) * time[:30_000]) * np.exp(-2.0 * time[:30_000])
        soundfile.write(folder / "harp" / f"{number}.wav", 0.3 * note, 22_050)
    return folder


@pytest.fixture(scope="module")
def sources(data: Path) -> Sources:
    return find_sources([data])


def test_music_and_notes_are_told_apart_by_their_length(sources: Sources) -> None:
    assert [path.name for path in sources.music] == ["music.wav"]
    assert [len(notes) for notes in sources.instruments] == [60]
    excerpt, tune = (clip_of(sources, number, 1) for number in range(2))
    assert len(excerpt) == SECONDS * RATE
    assert RATE < len(tune) <= SECONDS * RATE
    np.testing.assert_array_equal(tune, clip_of(sources, 1, 1))
    assert not np.array_equal(tune[:RATE], clip_of(sources, 1, 2)[:RATE])


def test_both_sorts_of_sound_have_every_format() -> None:
    numbers = range(2 * len(FORMATS))
    for parity in range(2):
        own = {FORMATS[(one + one // len(FORMATS)) % len(FORMATS)] for one in numbers if one % 2 == parity}
        assert own == set(FORMATS)


@pytest.mark.parametrize("number", [1, 2])
def test_products_say_the_error_of_what_is_played(
    sources: Sources, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[tuple[np.ndarray, np.ndarray, bool]] = []
    process = Concealer.process

    def watched(self: Concealer, block: np.ndarray, is_lost: bool) -> np.ndarray:
        output = process(self, block, is_lost)
        played.append((block, output, is_lost))
        return output

    monkeypatch.setattr(mixer_examples.Concealer, "process", watched)
    examples = examples_of(sources, number, 1)
    assert examples is not None
    gaps = Gaps.of(examples)
    told = float(gaps.errors_with(gaps.plain).sum())
    error = sum(float(np.square(output - block).sum()) for block, output, is_lost in played if is_lost)
    truth = sum(float(np.square(block).sum()) for block, _, is_lost in played if is_lost)
    # The last window reaches beyond its gap, where a guess is worst; and one too loud is bounded when played.
    assert abs(10.0 * np.log10(told * truth / error)) < 2.5


def test_examples_come_back_from_their_file(sources: Sources, tmp_path: Path) -> None:
    examples = examples_of(sources, 3, 1)
    assert examples is not None
    examples.save(tmp_path / "one.npz")
    again = Examples.load(tmp_path / "one.npz")
    np.testing.assert_array_equal(again.features, examples.features)
    np.testing.assert_array_equal(again.gaps, examples.gaps)


def test_it_learns_and_goes_on_where_it_stood(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SCHEDULES, "tiny", Schedule("tiny", 4, 8, 5e-3, 0.0, 2, 8, 1.0))
    trained = fit_mixer([data], tmp_path, budget="tiny")
    assert trained.figures["validation error"] < trained.figures["validation error, plain"]
    again = fit_mixer([data], tmp_path, budget="tiny")
    assert again.epoch == trained.epoch
    for one, other in zip(trained.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_command_writes_a_model_that_the_engine_runs(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "mixer.onnx"
    words = ["--data", str(data), "--folder", str(tmp_path / "run"), "--out", str(out), "--budget", "smoke"]
    result = run_tsumami("train", "mixer", *words, "--json")
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    contract = check_contract(out, "restoration")
    assert document["metrics"] == dict(contract.metrics)
    assert document["metrics"]["export error"] < 1e-5
    assert contract.training.command.startswith("tsumami train mixer --data")
    assert "--budget smoke" in out.with_suffix(".md").read_text("utf-8")
    MixModel(out)


def test_no_sound_is_said(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "short.wav", np.zeros(1000), 44_100)
    with pytest.raises(SoundError, match="data must be folders with music of 30 s or more"):
        find_sources([tmp_path])
    result = run_tsumami(
        "train", "mixer", "--data", str(tmp_path), "--folder", str(tmp_path), "--out", "mixer.txt"
    )
    assert result.returncode == 2
    assert "out must end with .onnx" in result.stderr
