"""Benchmarks as data: what they print, what they write, and that each one in the table runs."""

import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.engine.onnx_models import lstm_model, macros_model
from tests.training.small_runs import small_checkpoint, small_corpus
from tsumami.bridge.bench import BENCHES, Bench, Report, Row, inference, interleaved, stft
from tsumami.bridge.bench.report import results_folder
from tsumami.bridge.commands.bench import bench
from tsumami.engine.errors import ModelError
from tsumami.training.checkpoint import save_checkpoint
from tsumami.training.macros.export_run import save_run
from tsumami.training.macros.run import Run

REPORT = Report(
    "example",
    [Row.lower_is_better("step", 2.0, "µs", "torch [cpu]", 5.0), Row("missed blocks", 0, "blocks")],
    ["One of two | lines."],
)


def test_the_document_has_the_agreed_shape() -> None:
    document = json.loads(json.dumps(REPORT.document()))
    assert set(document) == {"bench", "machine", "rows"}
    assert document["rows"] == [
        {"what": "step", "value": 2, "unit": "µs", "peer": "torch [cpu]", "peer_value": 5, "ratio": 2.5},
        {
            "what": "missed blocks",
            "value": 0,
            "unit": "blocks",
            "peer": "",
            "peer_value": None,
            "ratio": None,
        },
    ]
    assert {"cpu", "cores", "os", "python", "versions"} == set(document["machine"])


def test_results_are_written_whole_and_say_how_they_came_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/tsumami", "bench", "example", "--seconds", "3"])
    REPORT.save(tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["example.json", "example.md"]
    assert json.loads((tmp_path / "new" / "example.json").read_text("utf-8")) == REPORT.document()
    text = (tmp_path / "new" / "example.md").read_text("utf-8")
    assert "`tsumami bench example --seconds 3` on 2" in text
    assert "| step | 2 | µs | torch [cpu] | 5 | 2.50 × |" in text
    assert "| missed blocks | 0 | blocks |  |  |  |" in text
    assert text.endswith("\n\nOne of two | lines.\n")


def test_a_table_for_people_shows_figures_and_notes(capsys: pytest.CaptureFixture[str]) -> None:
    REPORT.print()
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("step", "torch [cpu]", "2.50 ×", "One of two | lines."))


def test_results_go_to_the_checkout() -> None:
    folder = results_folder()
    assert folder is not None
    assert folder.parts[-2:] == ("docs", "results")


def test_peers_take_turns(capsys: pytest.CaptureFixture[str]) -> None:
    calls: list[str] = []
    cases = {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}
    times = interleaved(cases, 30, title="turns", warm_up=1)
    assert calls == ["a", "b"] * 31
    assert all(each.shape == (30,) and np.all(each > 0) for each in times.values())
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("row", BENCHES, ids=lambda row: row.name)
def test_every_bench_takes_the_options_of_its_row(row: Bench) -> None:
    run = importlib.import_module(f"tsumami.bridge.bench.{row.name}").run
    assert {option.name for option in row.options} <= set(inspect.signature(run).parameters)


def run_json(arguments: list[str]) -> Any:
    result = CliRunner().invoke(bench, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_stft_from_the_command_line(tmp_path: Path) -> None:
    document = run_json(["stft", "--rounds", "20", "--output", str(tmp_path)])
    assert document["bench"] == "stft"
    assert {"numpy", "torch"} <= {row["peer"] for row in document["rows"]}
    assert json.loads((tmp_path / "stft.json").read_text("utf-8")) == document


def test_all_stft_peers_do_the_same_work() -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, stft.N_FFT + stft.HOP * stft.FRAMES).astype(np.float32)
    results = {name: call() for name, call in stft.cases(samples).items()}
    assert {"engine", "numpy", "torch"} <= set(results)
    # Where all frames overlap, the sums are the samples again; -120 dB is a few float32 eps.
    inner = slice(stft.N_FFT, stft.HOP * stft.FRAMES - stft.HOP)
    for name, result in results.items():
        np.testing.assert_allclose(result, results["numpy"], atol=1e-6, rtol=0, err_msg=name)
        np.testing.assert_allclose(result[inner], samples[inner], atol=1e-6, rtol=0, err_msg=name)


def test_inference_measures_every_model_beside_a_bare_session(tmp_path: Path) -> None:
    (tmp_path / "lstm.onnx").write_bytes(lstm_model())
    (tmp_path / "macros.onnx").write_bytes(macros_model())
    report = inference.run("cpu", rounds=20, models=tmp_path)
    assert [row.what for row in report.rows] == [
        f"{step} on cpu, {rank}"
        for step in ("lstm step", "macros decode", "macros encode")
        for rank in ("p50", "p99", "p99.9")
    ]
    assert all(row.value > 0 and row.ratio is not None for row in report.rows)


def test_inference_measures_a_model_that_listens_beside_torch(tmp_path: Path) -> None:
    checkpoint = small_checkpoint("Flow_heads")
    save_run(Run(checkpoint), small_corpus(tmp_path), tmp_path / "heads.onnx")
    save_checkpoint(tmp_path / "run", checkpoint)
    report = inference.run("cpu", rounds=3, model=tmp_path / "heads.onnx", trained=tmp_path / "run")
    assert report.bench == "inference-heads"
    parts = {(row.what.split()[1], row.peer.split(",")[0]) for row in report.rows}
    peers = ("bare session on the CPU", "torch")
    assert parts == {(part, peer) for part in ("decode", "encode", "listen") for peer in peers}
    save_checkpoint(tmp_path / "other", {**checkpoint, "seed": 4})
    with pytest.raises(ModelError, match="run must be the one that Tsumami Flow_heads was exported from"):
        inference.run("cpu", rounds=3, model=tmp_path / "heads.onnx", trained=tmp_path / "other")
    with pytest.raises(ModelError, match="model must be given with a run"):
        inference.run("cpu", trained=tmp_path / "run")


def test_inference_says_when_there_is_nothing_to_measure(tmp_path: Path) -> None:
    report = inference.run(models=tmp_path)
    assert not report.rows
    assert "There is no model to measure yet." in report.notes


def test_an_unknown_provider_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lstm.onnx").write_bytes(lstm_model())
    with pytest.raises(ModelError, match="provider must be one of auto, cpu, cuda, got tpu"):
        inference.run("tpu", models=tmp_path)  # type: ignore[arg-type]
