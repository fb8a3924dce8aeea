"""Heads for discrete parameters: tables of choices, what they cost, and models that answer whole presets."""

import math
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.training.small_runs import CHOICES, NAMES, small_corpus, stir
from tsumami.engine.errors import ParameterError, PluginError
from tsumami.plugins.presets.amsynth import RANGES
from tsumami.training.macros.choices import choices_of
from tsumami.training.macros.head_models import FlowHeads
from tsumami.training.macros.heads import ChoiceTable
from tsumami.training.macros.models import make_model
from tsumami.training.macros.synth_model import Batch, Shape

counts = st.lists(st.sampled_from([2, 3, 25]), min_size=1, max_size=6).flatmap(
    lambda some: st.permutations([0, 0, *some])
)


@given(counts, st.integers(0, 2**32))
def test_a_table_puts_together_what_it_takes_apart(counts: list[int], seed: int) -> None:
    table = ChoiceTable(counts)
    values = torch.rand(5, len(counts), generator=torch.Generator().manual_seed(seed))
    continuous, choices = table.split(values)
    joined = table.join(continuous, choices)
    half_a_step = torch.tensor([0.5 / (count - 1) if count else 0.0 for count in counts])
    assert ((joined - values).abs() <= half_a_step + 1e-6).all()
    again = table.split(joined)
    assert torch.equal(again[0], continuous)
    assert torch.equal(again[1], choices)
    one_hot = table.one_hot(choices)
    assert one_hot.shape == (5, sum(counts))
    assert torch.equal(table.likeliest(one_hot), choices)


def test_the_surprise_is_that_of_each_parameter_on_average() -> None:
    table = ChoiceTable([0, 2, 4])
    choices = torch.tensor([[1, 3], [0, 0]])
    even = torch.zeros(2, 6)
    assert float(table.surprise(even, choices)) == pytest.approx((math.log(2) + math.log(4)) / 2)
    assert float(table.surprise(100 * table.one_hot(choices), choices)) == pytest.approx(0.0, abs=1e-6)


def test_agreement_counts_choices_alone() -> None:
    table = ChoiceTable([0, 2, 3])
    values = torch.tensor([[0.1, 0.0, 0.5], [0.2, 1.0, 1.0]])
    other = torch.tensor([[0.9, 0.2, 0.6], [0.3, 0.0, 1.0]])
    assert table.agreement(other, values) == 0.75


@pytest.mark.parametrize("name", ["CNN_heads", "Flow_heads"])
def test_answers_stand_on_the_steps(name: str) -> None:
    torch.manual_seed(0)
    model = make_model(name, Shape(len(NAMES), 0, 32, 16, 2, 8, CHOICES)).eval()
    predicted = model.predict(5.0 * torch.randn(20, 64, 80))
    for column, count in enumerate(CHOICES):
        if count:
            steps = predicted[:, column] * (count - 1)
            torch.testing.assert_close(steps, steps.round(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["CNN_heads", "Flow_heads"])
@pytest.mark.parametrize("choices", [(), (0, 0, 0), (2, 3, 2)], ids=["no table", "continuous", "discrete"])
def test_a_list_of_one_kind_is_refused(name: str, choices: tuple[int, ...]) -> None:
    with pytest.raises(ParameterError, match=r"must hold discrete and continuous ones .*; --parameters all"):
        make_model(name, Shape(3, 0, 32, 16, 2, 8, choices))


def test_the_flow_depends_on_the_choices_and_can_be_undone_given_them() -> None:
    torch.manual_seed(0)
    model = make_model("Flow_heads", Shape(len(NAMES), 0, 32, 16, 4, 8, CHOICES)).eval()
    assert isinstance(model, FlowHeads)
    stir(model)
    latent = torch.randn(10, len(model.table.continuous))
    contexts = [model.table.one_hot(torch.full((10, len(model.table.counts)), choice)) for choice in (0, 1)]
    values = [model.values(latent, context) for context in contexts]
    assert (values[0] - values[1]).abs().max() > 0.01
    inside = ((values[0] > 0) & (values[0] < 1)).all(dim=1)
    torch.testing.assert_close(
        model.latents(values[0], contexts[0])[inside], latent[inside], rtol=0, atol=1e-4
    )


def test_every_choice_is_learned_from_its_own_sound() -> None:
    """A mel that shows the choice in one band: heads that learn it name it every time."""
    torch.manual_seed(0)
    model = make_model("CNN_heads", Shape(2, 0, 32, 16, 2, 8, (0, 4)))
    choices = torch.arange(32) % 4
    values = torch.stack([torch.rand(32), choices / 3], dim=1)
    x = torch.zeros(32, 64, 80)
    x[torch.arange(32), 10 * choices] = 3.0
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(30):
        optimiser.zero_grad()
        model.loss(Batch(x, values, torch.zeros(32, 0)), 1.0)["total"].backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert torch.equal(model.eval().predict(x)[:, 1], values[:, 1])


def test_the_built_in_synthesizer_knows_its_choices(tmp_path: Path) -> None:
    corpus = small_corpus(tmp_path)
    choices = choices_of(corpus.instrument, corpus.name, corpus.parameters)
    assert tuple(map(len, choices)) == CHOICES
    assert "saw" in choices[NAMES.index("osc1_wave")]


def test_amsynths_choices_are_the_steps_of_its_ranges() -> None:
    choices = choices_of("amsynth_vst.so", "amsynth", [row.name for row in RANGES])
    assert [len(names) for names in choices] == [row.steps for row in RANGES]
    assert all(len(set(names)) == len(names) for names in choices)


def test_a_vst3_plugin_is_asked_for_its_choices(instrument_plugin: Path, tmp_path: Path) -> None:
    choices = choices_of(str(instrument_plugin), "whatever", ["Wave", "Cutoff", "none such"])
    assert choices == (("Sine", "Saw", "Square"), (), ())
    with pytest.raises(PluginError, match=r"got \S+gone\.vst3"):
        choices_of(str(tmp_path / "gone.vst3"), "whatever", [])


def test_an_unknown_instrument_has_no_choices() -> None:
    assert choices_of("/somewhere/else.so", "Else", ["a"]) == ((),)
