"""The training loop on a corpus small enough to be made in memory: it learns, stops, and goes on unharmed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import tsumami.training.macros.fit as fit_module
from tests.command import run_tsumami
from tsumami.bridge.commands.train import ModelName
from tsumami.engine.errors import ModelError, ParameterError
from tsumami.plugins.match.player import PatchPlayer
from tsumami.plugins.offline import RenderSettings
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.fit import fit
from tsumami.training.macros.flow_synth import FlowSynth
from tsumami.training.macros.labels import Labeller
from tsumami.training.macros.models import MODELS
from tsumami.training.macros.run import Run, load_run
from tsumami.training.macros.schedule import Schedule
from tsumami.training.macros.sounds import Sounds, join
from tsumami.training.macros.variations import variations, vary

PARAMETERS = ("cutoff", "attack", "level")
TINY = Schedule("tiny", 6, 0, 1e-3, True, 2, 16, 32, 8, 2, 8, 1)


@pytest.fixture(autouse=True)
def tiny_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fit_module.SCHEDULES, "tiny", TINY)


def sounds(count: int, seed: int, tags: tuple[str, ...] = ()) -> Sounds:
    """Spectra whose edge, onset and level are the parameters."""
    values = np.random.default_rng(seed).random((count, 3)).astype(np.float32)
    bands, frames = np.arange(64)[:, None] / 64, np.arange(80) / 80
    mel = [
        100.0 ** (2 * level) / (1 + np.exp(20 * (bands - cutoff))) / (1 + np.exp(20 * (attack - frames)))
        for cutoff, attack, level in values
    ]
    descriptors = np.repeat(values[:, :1], 9, axis=1)
    names = tuple(f"s{row}" for row in range(count))
    return Sounds(np.array(mel, np.float32), values, descriptors, names, (tags,) * count)


def corpus(folder: Path, name: str = "one") -> Corpus:
    settings = RenderSettings()
    splits = (sounds(96, 0), sounds(16, 1), sounds(16, 2))
    player = PatchPlayer("builtin", [0, 1, 2], settings)
    return Corpus("builtin", "Tsumami", settings, PARAMETERS, name, *splits, player, folder)


def same_weights(first: Run, second: Run) -> bool:
    ours, theirs = first.model.state_dict(), second.model.state_dict()
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("model", ["CNN", "Flow_reg"])
def test_a_resumed_training_is_the_uninterrupted_one(tmp_path: Path, model: str) -> None:
    data = corpus(tmp_path)
    whole = fit(data, model, tmp_path / "whole", budget="tiny")
    stopped = fit(data, model, tmp_path / "parts", budget="tiny", stop_after=2)
    assert stopped.epochs == 2
    fit(data, model, tmp_path / "parts", budget="tiny", stop_after=1)
    resumed = fit(data, model, tmp_path / "parts", budget="tiny")
    assert resumed.epochs == whole.epochs
    assert resumed.msen == whole.msen
    assert same_weights(whole, resumed)
    assert fit(data, model, tmp_path / "whole", budget="tiny").epochs == whole.epochs, "it is over"


def test_a_synthesizer_is_learned_once_and_corrects_the_answers(tmp_path: Path) -> None:
    data = corpus(tmp_path)
    run = fit(data, "Flow_synth", tmp_path / "run", budget="tiny", stop_after=3)
    (folder,) = tmp_path.glob("synthesizer-*")
    learned = (folder / "checkpoint.pt").read_bytes()
    whole = fit(data, "Flow_synth", tmp_path / "whole", budget="tiny")
    assert same_weights(whole, fit(data, "Flow_synth", tmp_path / "run", budget="tiny"))
    assert (folder / "checkpoint.pt").read_bytes() == learned

    model = run.model
    assert isinstance(model, FlowSynth)
    x, values = run.standardised(data.test.mel), torch.from_numpy(data.test.values)
    ear = model.synthesizer
    played = ear.heard_error(ear(values), x).mean()
    mean = run.standardised(data.train.mel).mean(dim=0).expand_as(x)
    assert played < 0.5 * ear.heard_error(mean, x).mean()
    estimated, corrected = (
        ear.heard_error(ear(answer), x) for answer in (model.estimate(x), model.predict(x))
    )
    assert corrected.mean() < 0.7 * estimated.mean(), "as the synthesizer hears it"


def test_a_run_says_what_it_is_and_predicts_as_it_did(tmp_path: Path) -> None:
    data = corpus(tmp_path)
    trained = fit(data, "MLP", tmp_path / "run", budget="tiny", seed=3, command="pytest")
    run = load_run(tmp_path / "run")
    assert (run.name, run.seed, run.command, run.corpus_hash) == ("MLP", 3, "pytest", "one")
    assert (run.parameters, run.instrument) == (PARAMETERS, "Tsumami")
    predicted = run.predict(data.test.mel)
    assert predicted.dtype == np.float32
    np.testing.assert_array_equal(predicted, trained.predict(data.test.mel))
    error = np.mean((predicted - data.test.values) ** 2)
    spread = np.mean((data.train.values.mean(axis=0) - data.test.values) ** 2)
    assert error < 0.7 * spread
    assert list((tmp_path / "run").glob("events.out.tfevents*"))
    assert not list((tmp_path / "run").glob("*.part"))


@pytest.mark.parametrize(("falls", "epochs"), [(False, 6), (True, 12)])
def test_the_best_epoch_is_kept_and_stalling_ends_what_does_not_fall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, falls: bool, epochs: int
) -> None:
    schedule = Schedule("tiny", 12, 0, 1e-3, falls, 1, 16, 32, 8, 2, 8, 1)
    monkeypatch.setitem(fit_module.SCHEDULES, "tiny", schedule)
    scores = iter([0.5, 0.3, 0.4, *[0.6] * 12])
    monkeypatch.setattr(fit_module.Training, "_validate", lambda _self: {"MSEn": next(scores)})
    run = fit(corpus(tmp_path), "MLP", tmp_path / "run", budget="tiny")
    assert (run.best_epoch, run.msen, run.epochs) == (2, 0.3, epochs)


def test_another_training_is_not_gone_on_with(tmp_path: Path) -> None:
    fit(corpus(tmp_path), "MLP", tmp_path / "run", budget="tiny", stop_after=1)
    with pytest.raises(ModelError, match=r"of the same training, got \S+ with model MLP instead of CNN"):
        fit(corpus(tmp_path), "CNN", tmp_path / "run", budget="tiny")
    with pytest.raises(ModelError, match=r"corpus_hash one instead of two"):
        fit(corpus(tmp_path, "two"), "MLP", tmp_path / "run", budget="tiny")
    with pytest.raises(ModelError, match="with instrument Tsumami instead of Diva"):
        fit(replace(corpus(tmp_path), name="Diva"), "MLP", tmp_path / "run", budget="tiny")


def test_a_folder_that_cannot_be_made_is_refused_before_an_epoch(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match=r"folder must be one that can be written, got .*run; choose"):
        fit(corpus(tmp_path), "CNN", tmp_path / "file" / "run", budget="tiny")


def test_heads_without_choices_are_refused_before_anything_is_rendered(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"must hold discrete and continuous .* got 0 and 3; .* all"):
        fit(corpus(tmp_path), "CNN_heads", tmp_path / "run", budget="small")
    assert not list(tmp_path.iterdir())


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"folder that tsumami train macros --folder has made"):
        load_run(tmp_path)
    (tmp_path / "checkpoint.pt").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(ModelError, match=r"must hold a whole checkpoint\.pt"):
        load_run(tmp_path)


def test_labels_are_a_persons_or_measured() -> None:
    tagged = join([sounds(10, 0, ("bright", "soft")), sounds(10, 1, ("dark", "calm", "aggressive"))])
    labeller = Labeller.of(tagged)
    assert labeller.pairs == (("dark", "bright"),)
    assert labeller.labels(tagged)[[0, 10]].tolist() == [[1], [-1]]
    assert labeller.note(tagged) == "labels: tags of 20 of 20 presets, dark or bright"
    few = tagged.rows(range(19))
    assert Labeller.of(few).note(few).startswith("labels: measured on the sounds, as there is no pair")
    untagged = sounds(100, 2)
    measured = Labeller.of(untagged).labels(untagged)
    assert [np.count_nonzero(measured[:, 0] == side) for side in (-1, 0, 1)] == [25, 50, 25]


def test_variations_are_positions_between_and_about_the_presets() -> None:
    presets = np.random.default_rng(0).random((50, 16)).astype(np.float32)
    children = vary(presets, 400, np.random.default_rng(1))
    assert children.shape == (400, 16)
    assert children.dtype == np.float32
    assert ((children >= 0) & (children <= 1)).all()
    kept = np.mean([(child == presets).any(axis=0).mean() for child in children])
    assert 0.3 < kept < 0.6, "half of the children are crossed, and most of their parameters are not moved"


def test_variations_are_rendered_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = RenderSettings(hold_seconds=0.2, length_seconds=0.3, warm_up_seconds=0.0)
    data = corpus(tmp_path)
    real = Corpus(
        "builtin", "Tsumami", settings, PARAMETERS, "x", data.train, data.valid, data.test,
        PatchPlayer("builtin", [0, 1, 2], settings), tmp_path,
    )  # fmt: skip
    made = variations(real, 6, workers=1)
    assert 0 < len(made) <= 6
    monkeypatch.setattr(PatchPlayer, "play", None)
    np.testing.assert_array_equal(variations(real, 6).mel, made.mel)


def test_the_command_line_names_what_is_missing(tmp_path: Path) -> None:
    run = ("train", "macros", "--data", str(tmp_path / "none.zarr"), "--folder", str(tmp_path / "run"))
    done = run_tsumami(*run, "--model", "MLP")
    assert (done.returncode, done.stdout) == (2, "")
    assert "data set must be one that tsumami render has written" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_the_command_line_offers_every_model() -> None:
    assert [name.value for name in ModelName] == list(MODELS)
