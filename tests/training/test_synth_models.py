"""Every model of synth control keeps the same promises; flows can be undone and know their volume."""

import pytest
import torch
from torch import Tensor, nn

from tests.training.small_runs import stir
from tsumami.engine.errors import ParameterError
from tsumami.plugins.match.mel import BANDS, FRAMES
from tsumami.training.macros.autoencoders import discrepancy
from tsumami.training.macros.flow_models import FlowDis, Invertible, log_normal
from tsumami.training.macros.flow_synth import HEARD, FlowSynth
from tsumami.training.macros.flows import Coupling, FlowRegression, Iaf
from tsumami.training.macros.models import MODELS, make_model
from tsumami.training.macros.synth_model import Batch, Shape, SynthNetwork

PARAMETERS, PAIRS = 6, 2
STEPS = {3: 3, 5: 2}
"""Columns of discrete parameters, and how many choices they have."""
CHOICES = tuple(STEPS.get(column, 0) for column in range(PARAMETERS))
SHAPE = Shape(PARAMETERS, PAIRS, units=32, channels=16, steps=4, hidden=16, choices=CHOICES)
INVERTIBLE = [name for name, model in MODELS.items() if issubclass(model, Invertible)]


def tiny(name: str, seed: int = 0) -> SynthNetwork:
    torch.manual_seed(seed)
    return make_model(name, SHAPE)


def batch(count: int = 32, seed: int = 1) -> Batch:
    """Parameters, and sounds that are linear in them."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(count, PARAMETERS, generator=generator)
    for column, choices in STEPS.items():
        values[:, column] = (values[:, column] * (choices - 1)).round() / (choices - 1)
    sounds = torch.randn(PARAMETERS, BANDS * FRAMES, generator=torch.Generator().manual_seed(0))
    x = ((values - 0.5) @ sounds).reshape(count, BANDS, FRAMES)
    return Batch(x, values, torch.randint(-1, 2, (count, PAIRS), generator=generator).float())


@pytest.mark.parametrize("name", MODELS)
def test_predictions_are_positions_and_always_the_same(name: str) -> None:
    model = tiny(name).eval()
    x = 5.0 * torch.randn(7, BANDS, FRAMES)
    predicted = model.predict(x)
    assert predicted.shape == (7, PARAMETERS)
    assert ((predicted >= 0) & (predicted <= 1)).all()
    torch.manual_seed(99)
    assert torch.equal(model.predict(x), predicted)
    # Each sound for itself, but for the order in which products of other sizes are summed
    torch.testing.assert_close(model.predict(x[2:3]), predicted[2:3], rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_learns_and_every_weight_takes_part(name: str) -> None:
    model, data = tiny(name), batch()
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    errors: list[float] = []
    for step in range(60):
        terms = model.loss(data, step / 60)
        assert all(term.shape == () and term.isfinite() for term in terms.values())
        optimiser.zero_grad()
        terms["total"].backward()  # type: ignore[no-untyped-call]
        if step == 0:
            idle = [
                key
                for key, weight in model.named_parameters()
                if weight.requires_grad and weight.grad is None
            ]
            assert idle == []
        optimiser.step()
        model.eval()
        errors.append(float(nn.functional.mse_loss(model.estimate(data.x), data.values).detach()))
        model.train()
    assert errors[-1] < 0.6 * errors[0]


@pytest.mark.parametrize("name", MODELS)
def test_the_total_is_the_sum_of_the_terms(name: str) -> None:
    terms = tiny(name).loss(batch(), 0.5)
    total = terms.pop("total")
    if terms:
        torch.testing.assert_close(total, torch.stack(list(terms.values())).sum())


@pytest.mark.parametrize("name", ["VAE", "WAE", "VAE_flow", "Flow_reg", "Flow_dis", "Flow_coupling"])
def test_the_latent_is_not_held_at_first(name: str) -> None:
    model, data = tiny(name), batch()
    torch.manual_seed(0)
    assert float(model.loss(data, 0.0)["latent"].detach()) == 0.0
    held = [float(model.loss(data, progress)["latent"].detach()) for progress in (0.2, 1.0)]
    assert held[0] != 0.0


@pytest.mark.parametrize("kind", [Iaf, Coupling])
def test_a_flow_can_be_undone(kind: type[Iaf] | type[Coupling]) -> None:
    torch.manual_seed(0)
    flow = kind(16, 8, 32)
    stir(flow)
    latent = torch.randn(64, 16)
    image, volume = flow(latent)
    assert (image - latent).abs().mean() > 0.1
    again, back = flow.inverse(image)
    torch.testing.assert_close(again, latent, rtol=0, atol=1e-4)
    torch.testing.assert_close(back, -volume, rtol=0, atol=1e-3)


@pytest.mark.parametrize("kind", [Iaf, Coupling])
def test_the_volume_of_a_flow_is_the_log_determinant(kind: type[Iaf] | type[Coupling]) -> None:
    torch.manual_seed(0)
    flow = kind(5, 4, 16).double()
    stir(flow)
    latent = torch.randn(3, 5).double()
    _, volume = flow(latent)
    for row in range(len(latent)):

        def forward(point: Tensor) -> Tensor:
            return flow(point[None])[0][0]

        jacobian = torch.autograd.functional.jacobian(forward, latent[row])
        assert isinstance(jacobian, Tensor)
        torch.testing.assert_close(torch.linalg.slogdet(jacobian)[1], volume[row])


def test_the_volume_of_a_regression_is_the_log_determinant() -> None:
    torch.manual_seed(0)
    regression = FlowRegression(Coupling(4, 3, 16)).double()
    stir(regression)
    positions = torch.rand(2, 4).double()
    _, volume = regression.inverse(positions)
    for row in range(len(positions)):

        def inverse(point: Tensor) -> Tensor:
            return regression.inverse(point[None])[0][0]

        jacobian = torch.autograd.functional.jacobian(inverse, positions[row])
        assert isinstance(jacobian, Tensor)
        torch.testing.assert_close(torch.linalg.slogdet(jacobian)[1], volume[row])


@pytest.mark.parametrize("name", INVERTIBLE)
def test_a_preset_survives_the_way_to_its_latent_and_back(name: str) -> None:
    model = tiny(name).eval()
    stir(model)
    assert isinstance(model, Invertible)
    values = torch.rand(64, PARAMETERS)
    values[:8] = values[:8].round()  # presets love the ends
    known, context = model.known(values)
    back = model.values(model.latents(known, context), context)
    torch.testing.assert_close(back, known, rtol=0, atol=1e-4)


def test_discrepancy_tells_samples_apart() -> None:
    torch.manual_seed(0)
    normal = torch.randn(400, 8)
    alike = float(discrepancy(normal, torch.randn(400, 8)))
    assert abs(alike) < 1e-3
    assert float(discrepancy(1.5 * normal, torch.randn(400, 8))) > 0.01
    assert float(discrepancy(normal + 0.7, torch.randn(400, 8))) > 0.01


def test_a_tag_draws_its_latent_to_its_side_and_no_tag_to_neither() -> None:
    model = tiny("Flow_dis")
    assert isinstance(model, FlowDis)
    data = batch(3)
    tagged = Batch(data.x, data.values, torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]]))
    latent = torch.zeros(3, PARAMETERS)
    latent[:, 0] = FlowDis.MEAN
    right, wrong, unknown = model.log_prior(latent, tagged).tolist()
    assert right > unknown > wrong
    mirrored = model.log_prior(-latent, tagged)
    torch.testing.assert_close(mirrored[2], model.log_prior(latent, tagged)[2])


def test_the_prior_of_tags_is_a_density() -> None:
    model = make_model("Flow_dis", Shape(1, 1, 8, 8, 1, 8))
    assert isinstance(model, FlowDis)
    grid = torch.linspace(-12, 12, 4001)[:, None]
    for label in (-1.0, 0.0, 1.0):
        labels = torch.full((len(grid), 1), label)
        density = model.log_prior(grid, Batch(grid, grid, labels)).exp()
        torch.testing.assert_close(torch.trapezoid(density, grid[:, 0]), torch.tensor(1.0))


def test_log_normal_is_torchs() -> None:
    value, mean, log_variance = torch.randn(3, 10)
    expected = torch.distributions.Normal(mean, (0.5 * log_variance).exp()).log_prob(value)
    torch.testing.assert_close(log_normal(value, mean, log_variance), expected)


@torch.no_grad()
def test_a_flow_that_listens_is_judged_by_what_is_heard_too() -> None:
    model, data = tiny("Flow_synth").eval(), batch()
    assert isinstance(model, FlowSynth)
    error, msen = model.validate(data).values()
    answers = model.synthesizer(model.estimates(data.x))
    heard = float(model.synthesizer.heard_error(answers, data.x).mean())
    assert error == pytest.approx(msen + HEARD * heard)
    for weights in model.synthesizer.parameters():
        weights.mul_(2.0)  # another synthesizer, heard otherwise
    other_error, same_msen = model.validate(data).values()
    assert same_msen == msen
    assert other_error != pytest.approx(error)


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"one of MLP, .*Flow_heads, got LSTM"):
        make_model("LSTM", SHAPE)
