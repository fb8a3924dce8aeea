"""The groove paper's figures: from runs to a page, by command, and what its measures measure."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.command import run_tsumami, run_tsumami_json
from tests.groove_data import write_data
from tsumami.bridge.commands.train_groove import GrooveModel
from tsumami.engine.groove.encoder import DivergenceMeter
from tsumami.training.groove.evaluate import band_sdr_db, level_db
from tsumami.training.groove.performances import HIT_DTYPE
from tsumami.training.groove.pieces import DEVIATIONS_MS, lone_ghosts, read_pieces
from tsumami.training.groove.variants import VARIANTS


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"), bars=10)


def test_errors_are_told_by_amplitude() -> None:
    true = np.array([0.01, -0.01, 0.3, -0.9], np.float32)
    made = np.array([0.0, 0.0, 0.27, -0.9], np.float32)
    quiet, soft, middle, loud = band_sdr_db(true, made)
    assert quiet == pytest.approx(0.0)
    assert middle == pytest.approx(20.0, abs=1e-3)
    assert soft is loud is None


def test_a_level_counts_loud_and_soft_alike() -> None:
    curves = np.ones((2, 44_100), np.float32)
    curves[1, :22_050] = 100.0
    np.testing.assert_allclose(level_db(curves), [0.0, 10.0], atol=0.1)


def test_ghosts_are_soft_and_alone() -> None:
    rows = [(0.2, 38, 30), (0.5, 38, 30), (0.52, 36, 100), (0.8, 42, 70), (1.0, 42, 20)]
    hits = np.array([(time, note, velocity, 0.0, "snare") for time, note, velocity in rows], HIT_DTYPE)
    np.testing.assert_array_equal(lone_ghosts(hits)["time_seconds"], [0.2, 1.0])


def test_pieces_are_takes_of_one_pattern(data: Path) -> None:
    (piece,) = read_pieces(data, 3)
    assert piece.moved.shape == (len(DEVIATIONS_MS), len(piece.programmed))
    assert piece.performed.shape == (2, len(piece.programmed))
    off = [np.abs(moved - piece.programmed).mean() for moved in piece.moved]
    assert off[0] < min(off[1:])


@pytest.mark.slow
def test_the_command_line_trains_judges_and_ships(data: Path, tmp_path: Path) -> None:
    runs, results, out = tmp_path / "runs", tmp_path / "results", tmp_path / "groove.onnx"
    given = ("--data", str(data))
    learned = (*given, "--folder", str(runs), "--piece", "train", "--budget", "smoke")
    done = run_tsumami_json("train", "groove", *learned, "--model", "mixture", "--out", str(out))
    assert [run["model"] for run in done["runs"]] == ["mixture"]
    assert "mixture of two Gaussians" in out.with_suffix(".md").read_text("utf-8")
    assert_meter_is_whole(out)
    judged = run_tsumami_json(
        "evaluate",
        "groove",
        *given,
        "--runs",
        str(runs),
        "--piece",
        "train",
        "--table",
        "--out",
        str(results),
    )
    assert [row["model"] for row in judged["rows"]] == ["mixture"]
    assert all(len(row["mean_nats"]) == len(DEVIATIONS_MS) for row in judged["rows"])
    assert sorted(path.suffix for path in results.iterdir()) == [".json", ".md", ".png", ".png"]
    assert json.loads((results / "groove.json").read_text())["rows"] == judged["rows"]
    assert "tsumami evaluate groove --data" in (results / "groove.md").read_text("utf-8")


def assert_meter_is_whole(model: Path) -> None:
    """Any blocks give what the whole gives."""
    rng = np.random.default_rng(0)
    performed, reference = (rng.normal(0.0, 0.1, 3000).astype(np.float32) for _ in range(2))
    meter = DivergenceMeter(model)
    meter.prepare()
    whole = np.concatenate([meter.process(performed, reference), meter.finish()])
    assert whole.shape == performed.shape
    cuts = np.sort(rng.integers(0, 3000, 30))
    parts = [
        meter.process(*pair)
        for pair in zip(np.split(performed, cuts), np.split(reference, cuts), strict=True)
    ]
    np.testing.assert_array_equal(np.concatenate([*parts, meter.finish()]), whole)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--piece", "nothing"), "piece must be in the path of one performance of the train split"),
        (("--out", "model.bin"), "out must end with .onnx and be of one --model"),
    ],
)
def test_the_command_line_names_what_is_wrong(
    data: Path, tmp_path: Path, words: tuple[str, ...], reason: str
) -> None:
    done = run_tsumami("train", "groove", "--data", str(data), "--folder", str(tmp_path / "runs"), *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_the_command_line_offers_every_model() -> None:
    assert [name.value for name in GrooveModel] == list(VARIANTS)
