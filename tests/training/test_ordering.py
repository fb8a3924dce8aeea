"""Latents put in order by a second flow, over a model that stays as it is."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.small_runs import small_corpus, small_run
from tsumami.engine.macros.model import MacroModel
from tsumami.training.macros.corpus import Corpus
from tsumami.training.macros.descriptors import MACROS
from tsumami.training.macros.ear import train_ear
from tsumami.training.macros.export_run import export_run
from tsumami.training.macros.flow_models import Invertible
from tsumami.training.macros.ordering import Order, order_latents
from tsumami.training.macros.ordering_files import order_of
from tsumami.training.macros.run import Run
from tsumami.training.macros.scaling import KNOB_RANGE
from tsumami.training.macros.sounds import Sounds


def model_of(run: Run) -> Invertible:
    assert isinstance(run.model, Invertible)
    return run.model


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return small_corpus(tmp_path_factory.mktemp("corpus"))


def told_by_a_parameter(corpus: Corpus, count: int) -> Sounds:
    """Sounds whose every descriptor rises with the parameter of its number, or with none."""
    rng = np.random.default_rng(0)
    values = rng.random((count, len(corpus.parameters)), np.float32)
    descriptors = rng.normal(0.0, 0.01, (count, 9)).astype(np.float32)
    descriptors[:, : values.shape[1]] += values
    return Sounds(np.zeros((count, 0, 0), np.float32), values, descriptors, ("",) * count, ((),) * count)


def test_an_ear_hears_what_it_was_told() -> None:
    torch.manual_seed(0)
    positions, context = torch.rand(400, 3), torch.rand(400, 2)
    units = torch.cat([4.0 * positions[:, :1] - 2.0, context[:, 1:], torch.zeros(400, 7)], dim=1)
    ear = train_ear(positions, context, units, 200)
    heard = ear(positions, context)
    assert heard.shape == (3, 400, 9)
    assert float((heard.mean(dim=0) - units).square().mean()) < 0.1 * float(units.square().mean())


@pytest.mark.parametrize("name", ["Flow_coupling", "Flow_heads", "Flow_reg"])
def test_an_ordered_file_goes_both_ways_and_has_macros(name: str, corpus: Corpus) -> None:
    run = small_run(name)
    before = {key: weight.clone() for key, weight in run.model.state_dict().items()}
    order = order_latents(model_of(run), corpus, None, seed=1, steps=3)
    content, contract = export_run(run, corpus, order)
    assert [row.name for row in contract.latents if row.low] == list(MACROS[: len(order.macros)])
    assert {(row.minimum, row.maximum) for row in contract.latents} == {(-KNOB_RANGE, KNOB_RANGE)}
    assert contract.metrics["round_trip_error"] < 1e-4
    assert all(torch.equal(weight, before[key]) for key, weight in run.model.state_dict().items())
    model = MacroModel(content, "cpu")
    positions, given = model_of(run).known(torch.from_numpy(corpus.test.values[:1]))
    encoded = model.encode(positions[0].numpy(), np.zeros(0) if given is None else given[0].numpy())
    with torch.inference_mode():
        ordered = order.flow.inverse(model_of(run).latents(positions, given), given)[0][0]
    np.testing.assert_allclose(encoded, ordered.numpy(), atol=1e-3)


def test_a_knob_raises_what_it_is_called(corpus: Corpus) -> None:
    model = model_of(small_run("Flow_coupling"))
    sounds = told_by_a_parameter(corpus, 600)
    heard = Corpus(
        corpus.instrument,
        corpus.name,
        corpus.settings,
        corpus.parameters,
        corpus.hash,
        sounds,
        corpus.valid,
        corpus.test,
        corpus.player,
        corpus.folder,
    )
    order = order_latents(model, heard, None, seed=1, steps=150)
    latents = torch.zeros(20, len(corpus.parameters)) + 0.3 * torch.randn(20, len(corpus.parameters))
    rises = []
    for macro in range(len(order.macros)):
        ends = latents.repeat(2, 1)
        ends[:20, macro], ends[20:, macro] = -1.5, 1.5
        with torch.inference_mode():
            low, high = model.map(order.flow(ends)[0]).chunk(2)
        rises.append((high - low)[:, macro].mean())
    assert min(rises) > 0.2


def test_an_order_is_kept_beside_the_data(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    run = small_run("Flow_coupling")
    run.variations = 0
    first = order_of(run, corpus)
    assert isinstance(first, Order)
    (path,) = Path(corpus.folder).glob("order-*.pt")
    monkeypatch.setattr("tsumami.training.macros.ordering_files.order_latents", None)
    again = order_of(run, corpus)
    assert again is not None
    assert again.macros == first.macros
    for key, weight in first.flow.state_dict().items():
        torch.testing.assert_close(again.flow.state_dict()[key], weight, rtol=0, atol=0)
    assert path.exists()


@pytest.mark.parametrize("name", ["MLP", "VAE", "Flow_dis"])
def test_what_cannot_or_need_not_be_ordered_is_not(name: str, corpus: Corpus) -> None:
    assert order_of(small_run(name), corpus) is None
