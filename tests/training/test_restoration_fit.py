"""The loop of restoration: it learns, can be stopped, and what it leaves can be judged."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.command import run_tsumami, run_tsumami_json
from tests.training.restoration_tunes import SHORT, TINY, fold, write_tunes
from tsumami.bridge.commands.train import RestorationModel
from tsumami.engine.errors import ModelError
from tsumami.training.checkpoint import FILE
from tsumami.training.restoration import fit as fit_module
from tsumami.training.restoration.baselines import BASELINES, INTERPOLATE, REPEAT
from tsumami.training.restoration.evaluate import evaluate
from tsumami.training.restoration.evaluation_files import save_page
from tsumami.training.restoration.evaluation_table import document_of, markdown_of
from tsumami.training.restoration.figures import draw_predictions
from tsumami.training.restoration.fit import fit, folder_of
from tsumami.training.restoration.metrics import sdr_db
from tsumami.training.restoration.models import FREQUENCY, MEAN, PARENTS, ROWS, TIME, TRAINED
from tsumami.training.restoration.run import Run, load_run
from tsumami.training.restoration.windows import WINDOW, inner, predict_tune

FACTS = {
    "command": "pytest",
    "date": "today",
    "machine": {"cpu": "one", "cores": 1, "os": "Linux", "python": "3.11"},
}


@pytest.fixture(autouse=True)
def small_budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    for schedule in (TINY, SHORT):
        monkeypatch.setitem(fit_module.SCHEDULES, schedule.name, schedule)


def same_weights(one: Run, other: Run) -> bool:
    pairs = zip(one.model.state_dict().items(), other.model.state_dict().items(), strict=True)
    return all(names == others and torch.equal(a, b) for (names, a), (others, b) in pairs)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every model of one fold."""
    place = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(fit_module.SCHEDULES, "tiny", TINY)
        for model in TRAINED:
            fit(fold(), model, place, budget="tiny", command="pytest")
    return place


@pytest.mark.parametrize("model", TRAINED)
def test_a_standing_chord_is_learned(place: Path, model: str) -> None:
    data = fold()
    run = load_run(folder_of(place, data.held_out.name, model))
    spectrogram = data.held_out.magnitudes
    predicted = run.predict(spectrogram)
    assert predicted.shape == inner(spectrogram).shape
    assert predicted.dtype == np.float32
    learned = sdr_db(inner(spectrogram), predicted)
    baseline = sdr_db(inner(spectrogram), predict_tune(BASELINES[REPEAT], spectrogram, WINDOW))
    assert learned is not None
    assert baseline is not None
    assert learned > baseline
    assert (run.name, run.held_out, run.data_hash, run.command) == (model, "three", data.hash, "pytest")


@pytest.mark.parametrize("model", ["filter_LSTM", FREQUENCY])
def test_resuming_is_the_same_as_not_stopping(tmp_path: Path, model: str) -> None:
    whole = fit(fold(), model, tmp_path / "whole", budget="short")
    stopped = fit(fold(), model, tmp_path / "parts", budget="short", stop_after=2)
    assert stopped.epochs == 2
    fit(fold(), model, tmp_path / "parts", budget="short", stop_after=1)
    resumed = fit(fold(), model, tmp_path / "parts", budget="short")
    assert (resumed.epochs, resumed.mse) == (whole.epochs, whole.mse)
    assert same_weights(whole, resumed)
    assert not same_weights(whole, stopped)
    folder = folder_of(tmp_path / "whole", "three", model)
    assert len(list(folder.glob("events.out.tfevents*"))) == 1
    assert not list(folder.glob("*.part"))
    assert same_weights(whole, fit(fold(), model, tmp_path / "whole", budget="short"))
    assert len(list(folder.glob("events.out.tfevents*"))) == 1, "it was over"


def test_the_seed_decides(tmp_path: Path) -> None:
    one, same, other = (
        fit(fold(), "LSTM", tmp_path / name, budget="short", seed=seed, stop_after=1)
        for name, seed in (("one", 1), ("same", 1), ("other", 2))
    )
    assert same_weights(one, same)
    assert not same_weights(one, other)


def test_a_gate_keeps_the_models_that_it_chooses_between(place: Path) -> None:
    runs = {model: load_run(folder_of(place, "three", model)) for model in (*PARENTS, "QDLSTM_gate")}
    for part, parent in (("time", TIME), ("frequency", FREQUENCY)):
        frozen = runs["QDLSTM_gate"].model.get_submodule(part).state_dict()
        for name, tensor in runs[parent].model.state_dict().items():
            assert torch.equal(tensor, frozen[name])


def test_another_training_is_not_gone_on_with(place: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"of the same training, got \S+ with seed 1 instead of 2"):
        fit(fold(), "LSTM", place, budget="tiny", seed=2)
    with pytest.raises(ModelError, match="with data_hash"):
        fit(fold(seconds=1.5), "LSTM", place, budget="tiny")
    with pytest.raises(ModelError, match=r"must be trained before a gate, got no filter_time_BLSTM in"):
        fit(fold(), "QDLSTM_gate", tmp_path, budget="tiny")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="folder that tsumami train restoration --folder has made"):
        load_run(tmp_path)
    (tmp_path / FILE).write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(ModelError, match=r"must hold a whole checkpoint\.pt"):
        load_run(tmp_path)
    torch.save({"model": "CNN"}, tmp_path / FILE)
    with pytest.raises(ModelError, match="one of tsumami train restoration, got another"):
        load_run(tmp_path)


def test_every_row_is_judged_on_the_tune_it_has_not_heard(place: Path, tmp_path: Path) -> None:
    data = fold()
    evaluation = evaluate([*data.train, data.held_out], place)
    assert [row.name for row in evaluation.rows] == [*BASELINES, *ROWS]
    assert [tune.name for tune in evaluation.tunes] == ["three"]
    rows = {row.name: row.mean(evaluation.tunes) for row in evaluation.rows}
    assert rows["zero fill"].overall == 0.0
    parents = [load_run(folder_of(place, "three", parent)) for parent in PARENTS]
    time, frequency = (run.predict(data.held_out.magnitudes) for run in parents)
    mean = sdr_db(inner(data.held_out.magnitudes), np.asarray((time + frequency) / 2, np.float32))
    assert rows[MEAN].overall == pytest.approx(mean, abs=1e-4)  # float32
    document = json.loads(json.dumps(document_of(evaluation), allow_nan=False))
    assert {run["model"] for run in document["runs"]} == set(TRAINED)
    page = markdown_of(evaluation)
    assert page.count(f"| {INTERPOLATE} |") == 2
    assert all(line.endswith("|") for line in page.splitlines() if line)
    paths = save_page(evaluation, tmp_path, FACTS)
    assert {path.name for path in paths} == {f"restoration-paper.{end}" for end in ("json", "md", "png")}
    assert all(path.stat().st_size > 1000 for path in paths)


def test_baselines_need_no_runs(tmp_path: Path) -> None:
    data = fold()
    evaluation = evaluate([*data.train, data.held_out], None)
    assert [row.name for row in evaluation.rows] == list(BASELINES)
    assert all(len(row.scores) == 3 for row in evaluation.rows)
    save_page(evaluation, tmp_path, FACTS)
    shown = [axes for axes in draw_predictions(evaluation, data.held_out).axes if axes.get_visible()]
    assert [axes.get_title("left") for axes in shown] == ["truth", *BASELINES]


def test_runs_of_other_tunes_are_left_out(place: Path, tmp_path: Path) -> None:
    data = fold(seconds=1.5)
    with pytest.raises(ModelError, match="must be trained on the tunes of the data, got others in"):
        evaluate([*data.train, data.held_out], place)
    with pytest.raises(ModelError, match="with runs of tsumami train restoration at or under it, got"):
        evaluate([*data.train, data.held_out], tmp_path)


def test_the_command_line_trains_and_evaluates(tmp_path: Path) -> None:
    music, runs, results = write_tunes(tmp_path / "music"), tmp_path / "runs", tmp_path / "results"
    data = ("--data", str(music))
    done = run_tsumami_json(
        "train", "restoration", *data, "--folder", str(runs), "--folds", "all", "--model", "LSTM",
        "--model", FREQUENCY, "--budget", "smoke",
    )  # fmt: skip
    assert [(run["held_out"], run["model"]) for run in done["runs"]] == [
        (tune, model) for tune in ("one", "three", "two") for model in ("LSTM", FREQUENCY)
    ]
    judged = run_tsumami_json(
        "evaluate", "restoration", *data, "--runs", str(runs), "--table", "--out", str(results)
    )
    assert [row["name"] for row in judged["rows"]] == [*BASELINES, "LSTM", FREQUENCY]
    assert len(list(results.iterdir())) == 3
    assert "tsumami evaluate restoration --data" in (results / "restoration-paper.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "held-out must be given, or --folds all"),
        (("--held-out", "one", "--folds", "all"), "held-out must be given, or --folds all"),
        (("--held-out", "four"), "held-out must be in the name of one tune, got four"),
    ],
)
def test_the_command_line_names_what_is_missing(tmp_path: Path, words: tuple[str, ...], reason: str) -> None:
    music = write_tunes(tmp_path / "music")
    done = run_tsumami(
        "train", "restoration", "--data", str(music), "--folder", str(tmp_path / "runs"), *words
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_the_command_line_offers_every_model() -> None:
    assert [name.value for name in RestorationModel] == list(TRAINED)
