"""Held-out sounds answered, rendered by the real synthesizer, measured and shown."""

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from matplotlib.patches import Rectangle

from tests.command import run_tsumami, run_tsumami_json
from tsumami.engine.errors import ModelError, RenderError, SoundError
from tsumami.plugins import PARAMETERS, random_patch
from tsumami.plugins.offline import RenderSettings, render_presets
from tsumami.plugins.offline.floor import spectral_convergence
from tsumami.plugins.presets import Preset
from tsumami.training.macros.baselines import MEAN, NEAREST, NEAREST_BY_SC, NearestPreset
from tsumami.training.macros.corpus import Corpus, open_corpus
from tsumami.training.macros.evaluate import FLOOR, Evaluation, evaluate, render_mel
from tsumami.training.macros.evaluate_runs import evaluate_runs, find_runs
from tsumami.training.macros.evaluation_files import save_page
from tsumami.training.macros.evaluation_sounds import read_other_sounds
from tsumami.training.macros.evaluation_table import document_of, figure, markdown_of
from tsumami.training.macros.figures import draw_answers
from tsumami.training.macros.figures_latents import draw_latents
from tsumami.training.macros.fit import fit
from tsumami.training.macros.metrics import METRICS
from tsumami.training.macros.sounds import join

Values = npt.NDArray[np.float32]
COUNT = 60
SHORT = RenderSettings(hold_seconds=0.4, length_seconds=0.5, warm_up_seconds=0.0)
MACHINE = {"cpu": "one", "cores": 1, "os": "Linux", "python": "3.11"}
FACTS = {"command": "pytest", "date": "today", "machine": MACHINE}


def presets() -> list[Preset]:
    rng = np.random.default_rng(5)
    names = [parameter.name for parameter in PARAMETERS]
    patches = [dict(zip(names, map(float, random_patch(rng)), strict=True)) for _ in range(COUNT)]
    return [
        Preset(f"p{row}", "positions", "", f"p{row}", tags=("bass", "pad")[row % 2 :], positions=positions)
        for row, positions in enumerate(patches)
    ]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evaluate") / "data.zarr"
    render_presets("builtin", presets(), path, settings=SHORT)
    return path


@pytest.fixture(scope="module")
def corpus(data: Path) -> Corpus:
    return open_corpus(data)


class Near:
    """The truth and some noise, and a little outside of 0-1."""

    def __init__(self, corpus: Corpus, noise: float) -> None:
        self.name = f"noise {noise}"
        drawn = np.random.default_rng(0).normal(0, noise, corpus.test.values.shape)
        self._values = (corpus.test.values + drawn).astype(np.float32)

    def predict(self, mel: Values) -> Values:
        assert len(mel) == len(self._values)
        return self._values


class Wrong:
    name = "wrong"

    def __init__(self, values: Values) -> None:
        self._values = values

    def predict(self, mel: Values) -> Values:  # noqa: ARG002
        return self._values


@pytest.fixture(scope="module")
def evaluation(corpus: Corpus) -> Evaluation:
    return evaluate(corpus, [Near(corpus, 0.3), Near(corpus, 0.01)])


def test_floor_and_baselines_stand_first(evaluation: Evaluation) -> None:
    assert [row.name for row in evaluation.rows] == [
        FLOOR,
        MEAN,
        NEAREST,
        NEAREST_BY_SC,
        "noise 0.3",
        "noise 0.01",
    ]
    assert [row.name for row in evaluation.models] == ["noise 0.01", "noise 0.3"], "by median SC"


def test_every_row_is_complete(evaluation: Evaluation) -> None:
    count = len(evaluation.corpus.test)
    for row in evaluation.rows:
        assert set(row.distances) == {metric.name for metric in METRICS}
        assert row.mel.shape == evaluation.corpus.test.mel.shape
        assert row.values.min() >= 0.0
        assert row.values.max() <= 1.0
        for distances in row.distances.values():
            assert distances.shape == (count,)
            assert np.isfinite(distances).all()


def test_the_floor_of_fresh_renders_is_zero(evaluation: Evaluation) -> None:
    for name, distances in evaluation.row(FLOOR).distances.items():
        np.testing.assert_array_equal(distances, 0.0, err_msg=name)


def test_choices_that_are_right_are_counted(evaluation: Evaluation) -> None:
    shares = {row.name: row.accuracy or 0.0 for row in evaluation.rows}
    assert shares[FLOOR] == shares["noise 0.01"] == 1.0
    assert 0.0 < shares["noise 0.3"] < 1.0
    assert "choices right" in markdown_of(evaluation)
    assert document_of(evaluation)["rows"][0]["choice_accuracy"] == 1.0


def test_the_nearest_preset_is_heard_as_itself(evaluation: Evaluation) -> None:
    train = evaluation.corpus.train
    rows = NearestPreset(train.mel, train.values).rows(evaluation.corpus.test.mel)
    np.testing.assert_array_equal(evaluation.row(NEAREST).mel, train.mel[rows])
    least = [
        min(spectral_convergence(wanted, mel) for mel in train.mel) for wanted in evaluation.corpus.test.mel
    ]
    np.testing.assert_allclose(evaluation.row(NEAREST_BY_SC).distances["SC"], least, rtol=1e-6)  # float32


def test_equal_patches_are_equal_sounds(corpus: Corpus) -> None:
    values = corpus.test.values[[0, 1, 0]]
    np.testing.assert_array_equal(render_mel(corpus, values), corpus.test.mel[[0, 1, 0]])


@pytest.mark.parametrize("change", ["parameters", "numbers"])
def test_answers_that_are_none_are_refused(corpus: Corpus, change: str) -> None:
    values = corpus.test.values[:, 1:] if change == "parameters" else corpus.test.values * np.float32(np.nan)
    with pytest.raises(ModelError, match=r"must answer with \(\d+, 41\) finite positions, got .* of wrong"):
        evaluate(corpus, [Wrong(values)])


def test_a_document_has_every_figure_and_a_page_shows_them(evaluation: Evaluation) -> None:
    document = json.loads(json.dumps(document_of(evaluation), allow_nan=False))
    assert document["presets"]["test"] == len(evaluation.corpus.test)
    page = markdown_of(evaluation)
    for row in document["rows"]:
        assert set(row["metrics"]) == {metric.name for metric in METRICS}
        for figures in row["metrics"].values():
            low, high = figures["median_interval"]
            assert low <= figures["median"] <= high
            assert figures["std"] >= 0.0
            assert {"mean", "mean_interval", "mean_without_quiet", "median_to_nearest"} < set(figures)
        # Once in the overview, once for each metric.
        assert page.count(f"\n| {row['name']} |") == 1 + len(METRICS)
    nearest = next(row for row in document["rows"] if row["name"] == NEAREST)
    assert {one["median_to_nearest"] for one in nearest["metrics"].values()} == {1.0}
    table = [line for line in page.splitlines() if line.startswith("|")]
    assert "nan" not in page
    assert all(line.endswith("|") for line in table)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (3.6e-8, "0"),
        (0.12345, "0.123"),
        (12.34, "12.3"),
        (999.9, "1,000"),
        (43210, "43,210"),
        (4_840_683, "4.84e6"),
    ],
)
def test_figures_have_three_digits(value: float, text: str) -> None:
    assert figure(value) == text


def test_quiet_sounds_are_counted_and_left_out_of_one_mean(corpus: Corpus) -> None:
    evaluation = evaluate(corpus, [])
    quiet = evaluation.quiet
    quiet[:] = False
    quiet[0] = True
    found = document_of(evaluation)
    assert found["quiet"] == 1
    distances = evaluation.row(NEAREST).distances["SC"]
    row = next(row for row in found["rows"] if row["name"] == NEAREST)
    assert row["metrics"]["SC"]["mean_without_quiet"] == pytest.approx(distances[1:].mean())
    quiet[:] = True
    assert all(row["metrics"]["SC"]["mean_without_quiet"] is None for row in document_of(evaluation)["rows"])


def test_figures_are_drawn_of_what_there_is(evaluation: Evaluation) -> None:
    drawn = draw_answers(evaluation)
    axes = np.array(drawn.axes).reshape(-1, 4)  # the original, the nearest preset and two models
    assert len(axes) == 2 * min(3, len(evaluation.corpus.test))
    titles = [one.get_title("left") for one in axes[0]]
    assert titles[1:] == [NEAREST, "noise 0.01", "noise 0.3"]
    assert titles[0] in evaluation.corpus.test.names
    answer = evaluation.row(NEAREST).values[evaluation.corpus.test.names.index(titles[0])]
    heights = [cast(Rectangle, bar).get_height() for bar in axes[1, 1].patches]
    np.testing.assert_allclose(heights, answer)


@pytest.mark.parametrize("tagged", [True, False])
def test_a_map_has_tags_where_there_are_any(corpus: Corpus, tagged: bool) -> None:
    sounds = join((corpus.train, corpus.valid, corpus.test))
    if not tagged:
        sounds = replace(sounds, tags=((),) * len(sounds))
    drawn = draw_latents(sounds.values, sounds, "a map")
    legends = [legend for axes in drawn.axes if (legend := axes.get_legend()) is not None]
    assert len(legends) == tagged
    assert [text.get_text() for legend in legends for text in legend.get_texts()] == ["pad", "bass"] * tagged
    assert {len(np.asarray(shown.get_offsets())) for shown in drawn.axes[1].collections} == {len(sounds)}


@pytest.fixture(scope="module")
def runs(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two trainings that stop after an epoch."""
    folder = tmp_path_factory.mktemp("runs")
    for model in ("VAE", "MLP"):
        fit(corpus, model, folder / model, budget="smoke", stop_after=1)
    return folder


def test_runs_are_found_in_the_papers_order_and_leave_files(data: Path, runs: Path, tmp_path: Path) -> None:
    told: list[str] = []
    outcome = evaluate_runs(data, ["all"], runs, on_step=told.append)
    (evaluation,) = outcome.evaluations
    assert [row.name for row in evaluation.rows] == [FLOOR, MEAN, NEAREST, NEAREST_BY_SC, "MLP", "VAE"]
    assert outcome.strangers == ()
    assert any("MLP" in line for line in told)

    paths = save_page(outcome.evaluations, tmp_path / "results", FACTS)
    names = ["synth-control.md", "synth-control.json", "synth-control-41.png", "synth-control-41-latents.png"]
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == sorted(names)
    assert [path.name for path in paths] == names
    page = paths[0].read_text("utf-8")
    assert all(f"({name})" in page for name in names[2:])
    assert json.loads(paths[1].read_text("utf-8"))["command"] == "pytest"
    assert paths[2].read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Two recordings of the note, one of another, one of none, and what is no sound."""
    folder = tmp_path / "recordings"
    (folder / "deeper").mkdir(parents=True)
    seconds = np.arange(22_050) / 22_050
    for name, hz in (("c4.wav", 261.6), ("deeper/c4.flac", 262.0), ("a4.wav", 440.0)):
        tone = 0.1 * np.sin(2 * np.pi * hz * seconds) + 0.05 * np.sin(4 * np.pi * hz * seconds)
        soundfile.write(folder / name, tone, 22_050)
    soundfile.write(folder / "noise.wav", np.random.default_rng(0).normal(0, 0.1, 22_050), 22_050)
    (folder / "broken.wav").write_bytes(b"RIFF")
    (folder / "notes.txt").write_text("c4 is middle C")
    return folder


def test_other_sounds_are_answered_and_measured(corpus: Corpus, recordings: Path, tmp_path: Path) -> None:
    sounds = read_other_sounds(recordings, corpus)
    assert sounds.note == "2 of 5 recordings, those with the pitch of note 60"
    median = np.median(np.linalg.norm(corpus.train.mel, axis=(1, 2)))
    np.testing.assert_allclose(np.linalg.norm(sounds.mel, axis=(1, 2)), median, rtol=1e-5)
    evaluation = evaluate(corpus, [], others=[sounds])
    (judged,) = evaluation.others
    assert [row.name for row in judged.rows] == [FLOOR, MEAN, NEAREST, NEAREST_BY_SC]
    assert [metric.name for metric in judged.metrics] == [m.name for m in METRICS if m.name != "MSEn"]
    for distances in judged.row(FLOOR).distances.values():
        np.testing.assert_array_equal(distances, 0.0)
    assert (judged.row(NEAREST).distances["SC"] > 0.0).all()
    (document,) = document_of(evaluation)["others"]
    assert document["count"] == 2
    assert [row["name"] for row in document["rows"]] == [FLOOR, MEAN, NEAREST, NEAREST_BY_SC]
    paths = save_page([evaluation], tmp_path / "results", FACTS)
    page = paths[0].read_text("utf-8")
    assert "### Other sounds: recordings" in page
    assert "### SC of recordings" in page


def test_many_other_sounds_are_thinned_out(
    corpus: Corpus, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsumami.training.macros.evaluation_sounds.MOST", 1)
    sounds = read_other_sounds(recordings, corpus)
    assert len(sounds.mel) == 1
    assert sounds.note.endswith("1 of them at even distances")


def test_sounds_that_are_no_others_are_refused(corpus: Corpus, data: Path, tmp_path: Path) -> None:
    with pytest.raises(SoundError, match=r"must be recordings of note 60 .* got 0 files without one in"):
        read_other_sounds(tmp_path, corpus)
    with pytest.raises(RenderError, match=r"other sounds must be of another instrument than .*, got"):
        read_other_sounds(data, corpus)
    stranger = replace(corpus, name="another synthesizer")
    assert read_other_sounds(data, stranger).note.endswith(f"{len(presets())} renders of {corpus.name}")
    lower = replace(stranger, settings=replace(corpus.settings, note=48))
    with pytest.raises(RenderError, match="other sounds must be of note: 48, got 60 in"):
        read_other_sounds(data, lower)


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    beside = tmp_path / "synthesizer-of-a-run"
    beside.mkdir()
    (beside / "checkpoint.pt").touch()
    with pytest.raises(ModelError, match=r"runs must be a folder with runs .* got .* without one"):
        find_runs(tmp_path)


def test_runs_of_another_data_set_are_refused(runs: Path, tmp_path: Path) -> None:
    render_presets("builtin", presets()[:30], tmp_path / "other.zarr", settings=SHORT)
    with pytest.raises(ModelError, match=r"runs must be trained on .* all parameters, got .*MLP trained"):
        evaluate_runs(tmp_path / "other.zarr", ["all"], runs)


def test_the_command_prints_and_saves(data: Path, runs: Path, tmp_path: Path) -> None:
    options = ("--data", str(data), "--parameters", "all", "--runs", str(runs), "--out", str(tmp_path))
    (found,) = run_tsumami_json("evaluate", "macros", *options, "--table")["evaluations"]
    assert [row["name"] for row in found["rows"]] == [FLOOR, MEAN, NEAREST, NEAREST_BY_SC, "MLP", "VAE"]
    assert "tsumami evaluate macros --data" in (tmp_path / "synth-control.md").read_text("utf-8")


def test_the_command_refuses_in_one_line(tmp_path: Path) -> None:
    done = run_tsumami("evaluate", "macros", "--data", str(tmp_path / "none.zarr"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert "data set must be one that tsumami render has written" in done.stderr
