"""Every model goes into one file that answers as torch does, and the engine undoes what can be undone."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from tests.command import run_tsumami
from tests.training.small_runs import CHOICES, NAMES, PAIRS, small_corpus, small_run
from tsumami.engine import MacroModel, SoundModel
from tsumami.engine.errors import ModelError
from tsumami.engine.inference.contract import Contract
from tsumami.plugins.offline import RenderSettings, render_presets
from tsumami.plugins.presets import Preset
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.export_check import rounded
from tsumami.training.macros.export_run import export_run, save_run
from tsumami.training.macros.flow_models import Invertible
from tsumami.training.macros.head_models import HasHeads
from tsumami.training.macros.models import MODELS
from tsumami.training.macros.run import Run

INVERTIBLE = [name for name, model in MODELS.items() if issubclass(model, Invertible)]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return small_corpus(tmp_path_factory.mktemp("export"))


@pytest.fixture(scope="module", params=MODELS)
def exported(request: pytest.FixtureRequest, corpus: Corpus) -> tuple[Run, bytes, Contract]:
    run = small_run(request.param)
    return rounded(run), *export_run(run, corpus)


def test_the_engine_hears_what_torch_hears(exported: tuple[Run, bytes, Contract], corpus: Corpus) -> None:
    run, content, contract = exported
    model = SoundModel(content)
    assert model.contract == contract
    for mel, expected in zip(corpus.test.mel, run.predict(corpus.test.mel), strict=True):
        positions, choices = model.listen(mel)
        continuous = [not row.is_discrete for row in contract.parameters]
        # float32, summed in another order
        np.testing.assert_allclose(positions, expected[continuous], rtol=0, atol=2e-6)
        last = np.array([len(row.choices) - 1 for row in contract.discrete])
        assert choices.tolist() == np.rint(expected[np.logical_not(continuous)] * last).tolist()


def test_a_corrected_answer_is_corrected_in_the_file(corpus: Corpus) -> None:
    run = rounded(small_run("Flow_synth"))
    first = run.model.estimate(run.standardised(corpus.test.mel)).numpy()
    model = SoundModel(export_run(run, corpus)[0])
    answers = np.stack([model.listen(mel)[0] for mel in corpus.test.mel])
    assert np.abs(answers - first).max() > 0.05
    # Forty steps of Adam, each by a gradient of float32
    np.testing.assert_allclose(answers, run.predict(corpus.test.mel), rtol=0, atol=1e-5)


def test_silence_is_heard_too(exported: tuple[Run, bytes, Contract]) -> None:
    run, content, _ = exported
    silence = np.zeros((1, 64, 80), np.float32)
    positions, _ = SoundModel(content).listen(silence[0])
    assert np.isfinite(positions).all()
    assert np.isfinite(run.predict(silence)).all()


def test_the_contract_tells_where_it_comes_from(
    exported: tuple[Run, bytes, Contract], corpus: Corpus
) -> None:
    run, _, contract = exported
    assert contract.instrument == "builtin"
    assert contract.render == {"note": 57, "velocity": 90, "hold_seconds": 3.5, "length_seconds": 4.0}
    assert contract.training.command == run.command
    assert (contract.training.data_hash, contract.training.seed) == (corpus.hash, 3)
    assert tuple(row.name for row in contract.parameters) == NAMES
    counts = CHOICES if isinstance(run.model, HasHeads) else (0,) * len(NAMES)
    assert tuple(len(row.choices) for row in contract.parameters) == counts
    assert contract.metrics["validation_msen"] == 0.25
    assert contract.metrics["listening_error"] < 2e-6
    assert 0.0 < contract.metrics["rounding_error"] < 1e-2
    assert ("validation_accuracy" in contract.metrics) == isinstance(run.model, HasHeads)


def test_the_file_holds_few_kinds_of_nodes(exported: tuple[Run, bytes, Contract]) -> None:
    run, content, _ = exported
    kinds = {node.op_type for node in onnx.load_from_string(content).graph.node}
    arithmetic = {"Add", "Sub", "Mul", "Div", "Pow", "Log", "Softsign", "Sigmoid", "Clip", "Identity"}
    layers = {"Gemm", "Conv", "BatchNormalization", "Elu", "Flatten", "Gather", "Loop", "Cast"}
    assert kinds <= arithmetic | layers | {
        "Split",
        "Concat",
        "Softmax",
        "ArgMax",
        "OneHot",
        "Reshape",
        "Transpose",
    }
    assert len(content) < 2 * sum(weight.numel() for weight in run.model.parameters()) + 80_000


def presets(run: Run, count: int) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Random presets, many with parameters at 0 or 1, first all of them; and the contexts of theirs."""
    assert isinstance(run.model, Invertible)
    values = torch.rand(count, len(NAMES), generator=torch.Generator().manual_seed(1))
    values[: count // 2] = values[: count // 2].round()
    values[0], values[1] = 0.0, 1.0
    return run.model.known(values)


@pytest.mark.parametrize("name", INVERTIBLE)
def test_a_preset_comes_back_from_its_latent(name: str, corpus: Corpus) -> None:
    run = small_run(name)
    content, contract = export_run(run, corpus)
    model = MacroModel(content, "cpu")
    known, context = presets(run, 60)
    assert isinstance(run.model, Invertible)
    latents = run.model.latents(known, context)
    for row, (preset, latent) in enumerate(zip(known.numpy(), latents.numpy(), strict=True)):
        given = np.zeros(0, np.float32) if context is None else context[row].numpy()
        encoded = model.encode(preset, given).copy()
        # Flows may stretch an error of float32 by 4 a step
        np.testing.assert_allclose(encoded, latent, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(model.decode(encoded, given), preset, rtol=0, atol=1e-4)
    assert contract.metrics["round_trip_error"] < 1e-4


@pytest.mark.parametrize("name", INVERTIBLE)
def test_a_turned_latent_decodes_as_in_torch(name: str, corpus: Corpus) -> None:
    run = small_run(name)
    model = MacroModel(export_run(run, corpus)[0], "cpu")
    assert isinstance(run.model, Invertible)
    _, context = presets(run, 40)
    latents = 1.5 * torch.randn(40, run.model.shape.parameters, generator=torch.Generator().manual_seed(2))
    expected = run.model.values(latents, context).numpy()
    for row, latent in enumerate(latents.numpy()):
        given = np.zeros(0, np.float32) if context is None else context[row].numpy()
        np.testing.assert_allclose(model.decode(latent, given), expected[row], rtol=0, atol=1e-5)


def test_latents_of_tags_have_their_words_and_useful_ranges(corpus: Corpus) -> None:
    _, contract = export_run(small_run("Flow_dis"), corpus)
    words = [(latent.low, latent.high) for latent in contract.latents]
    assert words == [*PAIRS, *[("", "")] * (len(NAMES) - len(PAIRS))]
    assert all(latent.maximum - latent.minimum >= 0.1 for latent in contract.latents)


def test_what_cannot_be_exported_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    run = small_run("CNN")
    run.corpus_hash = "other"
    with pytest.raises(ModelError, match="run must be trained on the data given"):
        save_run(run, corpus, tmp_path / "model.onnx")
    run = small_run("CNN")
    layers: Any = run.model.get_submodule("head.layers")
    layers.append(nn.Tanh())
    with pytest.raises(ModelError, match=r"layers of an exported model must be among Linear, .*, got Tanh"):
        save_run(run, corpus, tmp_path / "model.onnx")
    run = small_run("CNN")
    layers = run.model.get_submodule("head.layers")
    layers[-1].weight.fill_(torch.nan)
    with pytest.raises(ModelError, match="must answer with numbers, got NaN"):
        save_run(run, corpus, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_the_card_stands_beside_the_file(corpus: Corpus, tmp_path: Path) -> None:
    run = small_run("Flow_heads")
    save_run(run, corpus, tmp_path / "new" / "heads.onnx")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["heads.md", "heads.onnx"]
    card = (tmp_path / "new" / "heads.md").read_text("utf-8")
    for words in (run.command, corpus.hash, "heads.onnx", "seed 3, epoch 7 of 9", *NAMES, "saw", "0.25"):
        assert words in card


@pytest.mark.slow
def test_the_command_trains_and_exports_whole_presets(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    given = [
        Preset(f"p{row}", "positions", "", f"p{row}", positions={"cutoff": rng.uniform(0.4, 1.0)})
        for row in range(24)
    ]
    settings = RenderSettings(hold_seconds=0.2, length_seconds=0.3, warm_up_seconds=0.0)
    render_presets("builtin", given, tmp_path / "data.zarr", settings=settings)
    place = ("--data", str(tmp_path / "data.zarr"), "--folder", str(tmp_path / "run"), "--budget", "smoke")
    out = tmp_path / "out" / "whole.onnx"
    done = run_tsumami(
        "train", "macros", *place, "--model", "Flow_heads", "--out", str(out), "--json", timeout=120
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["out"], said["model"]) == (str(out), "Flow_heads")
    model, both_ways = SoundModel(out), MacroModel(out, "cpu")
    assert len(model.contract.discrete) == 9
    positions, choices = model.listen(np.zeros((64, 80), np.float32))
    context = both_ways.context_of(choices)
    back = both_ways.decode(both_ways.encode(positions, context), context)
    np.testing.assert_allclose(back, positions, rtol=0, atol=1e-4)


def test_the_command_refuses_another_ending_before_it_trains(tmp_path: Path) -> None:
    run = ("train", "macros", "--data", str(tmp_path / "none.zarr"), "--folder", str(tmp_path / "run"))
    done = run_tsumami(*run, "--model", "MLP", "--out", str(tmp_path / "model.md"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "out must end with .onnx, got " in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())
