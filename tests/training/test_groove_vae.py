"""The groove paper's model: noises as it says, densities that are densities, a training that learns."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.groove_data import write_data, write_rock
from tsumami.engine.errors import ModelError, ParameterError, SoundError
from tsumami.engine.groove.divergence import SIZE, divergence
from tsumami.engine.groove.encoder import DivergenceMeter
from tsumami.training.groove import fit as fit_module
from tsumami.training.groove.beats import BEAT, SAMPLE_RATE, Section, cut, section_of, split
from tsumami.training.groove.export import export_run
from tsumami.training.groove.fit import fit
from tsumami.training.groove.latent import latent_of, log_prior
from tsumami.training.groove.lstm_vae import LstmVae
from tsumami.training.groove.noises import NOISES, predicted
from tsumami.training.groove.performances import HIT_DTYPE, read_performance
from tsumami.training.groove.piece import read_section
from tsumami.training.groove.run import Run, find_runs
from tsumami.training.groove.schedule import Schedule
from tsumami.training.groove.variants import VARIANTS

TINY = Schedule("tiny", 3, 1e-2, 2, 1)


@pytest.fixture(autouse=True)
def tiny_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fit_module.SCHEDULES, TINY.name, TINY)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"), bars=10)


@pytest.fixture
def section() -> Section:
    """Half a second of decaying tones for each of five beats: a section in little."""
    rng = np.random.default_rng(0)
    time = np.arange(5 * BEAT + 5) / SAMPLE_RATE
    sound = np.sin(2.0 * np.pi * 200.0 * time) * np.exp(-8.0 * (time % (60.0 / 96.0)))
    performed, programmed = (
        (0.2 * sound + 0.01 * rng.standard_normal(len(time))).astype(np.float32) for _ in range(2)
    )
    return Section("tones", performed, programmed, np.zeros(0, HIT_DTYPE))


def numbers(components: int, seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, SIZE * components, generator=torch.Generator().manual_seed(seed))


def test_noises_disturb_what_they_are_to() -> None:
    rng = np.random.default_rng(1)
    beats = rng.uniform(-1.0, 1.0, (2, 20_000)).astype(np.float32)
    np.testing.assert_array_equal(NOISES["none"](beats, rng), beats)
    assert (NOISES["weak"](beats, rng) - beats).std() == pytest.approx(0.2, abs=0.005)
    off = NOISES["conditional"](beats, rng) - beats
    assert not off[np.abs(beats) > 0.5].any()
    assert off[np.abs(beats) <= 0.5].std() == pytest.approx(0.2, abs=0.005)
    assert all(noise(beats, rng).dtype == np.float32 for noise in NOISES.values())


def test_a_tone_is_predicted_and_taken_off() -> None:
    rng = np.random.default_rng(0)
    time = np.arange(3000)
    tone = (np.sin(0.05 * time) + 1e-3 * rng.standard_normal(3000)).astype(np.float32)
    expected = predicted(tone)
    # The smoothed tone is 2 % softer; 100 samples are not whole periods, which Yule and Walker pay for.
    assert np.abs(expected - tone)[200:-10].max() < 0.15
    less = NOISES["anti_phase"](tone[None], rng)[0]
    assert less[200:].std() == pytest.approx(0.7 * tone[200:].std(), rel=0.05)


def test_silence_and_what_comes_later_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    sound = rng.standard_normal(1000).astype(np.float32)
    longer = np.concatenate([sound, rng.standard_normal(500).astype(np.float32)])
    np.testing.assert_allclose(predicted(longer)[:980], predicted(sound)[:980], atol=1e-6)
    assert not predicted(np.zeros(300, np.float32)).any()


def test_a_mixture_is_a_density() -> None:
    latent = latent_of(numbers(3, 0))
    axis = torch.linspace(-30.0, 30.0, 1501)
    points = torch.cartesian_prod(axis, axis)
    total = latent.log_density(points).double().exp().sum() * (axis[1] - axis[0]) ** 2
    assert total.item() == pytest.approx(1.0, abs=1e-3)
    prior = log_prior(points).double().exp().sum() * (axis[1] - axis[0]) ** 2
    assert prior.item() == pytest.approx(1.0, abs=1e-3)


def test_samples_are_of_the_density_that_they_are_said_to_be() -> None:
    torch.manual_seed(0)
    latent = latent_of(numbers(1, 3).expand(200_000, SIZE))
    points = latent.samples()[:, 0]
    torch.testing.assert_close(points.mean(dim=0), latent.means[0, 0], atol=0.02, rtol=0.02)
    first, second = latent.log_diagonals[0, 0].exp().tolist()
    lower = latent.lower[0, 0].item()
    covariance = torch.tensor([[first**2, first * lower], [first * lower, second**2 + lower**2]])
    torch.testing.assert_close(torch.cov(points.T), covariance, atol=0.03, rtol=0.03)


@pytest.mark.parametrize("components", [1, 2])
def test_the_divergence_is_that_of_the_densities(components: int) -> None:
    """Against the mean of log p - log q over many samples; a mixture's is an approximation from above."""
    torch.manual_seed(0)
    ours, theirs = (0.5 * numbers(components, seed) for seed in (5, 6))
    p, q = latent_of(ours), latent_of(theirs)
    many = latent_of(ours.expand(100_000, -1)).samples()
    gain = latent_of(ours.expand(100_000, -1)).log_density(many) - q.log_density(many)
    sampled = (p.log_weights.exp() * gain).sum(dim=-1).mean().item()
    found = float(divergence(ours.numpy(), theirs.numpy()))
    assert found == pytest.approx(sampled, rel=0.02 if components == 1 else 0.35)


def test_gradients_reach_every_weight() -> None:
    torch.manual_seed(0)
    model = LstmVae(2)
    beats = 0.3 * torch.randn(2, 200)
    (-model.elbo(beats, beats)).backward()  # type: ignore[no-untyped-call]
    gradients = [weight.grad for weight in model.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)
    head = model.head.weight.grad
    assert head is not None
    assert head[::SIZE].abs().sum() > 0.0, "the mixture's weights learn too"


def test_weights_begin_as_standard_normal_deviates() -> None:
    torch.manual_seed(0)
    weights = torch.cat([w.flatten() for n, w in LstmVae(1).named_parameters() if "bias" not in n])
    assert weights.std().item() == pytest.approx(1.0, abs=0.08)


def test_a_section_is_forty_beats_beside_its_twin(data: Path) -> None:
    section = read_section(data, "train")
    beats = cut(section.performed)
    assert beats.shape == cut(section.programmed).shape == (40, BEAT)
    learned, tested = split(len(beats), 1)
    assert (len(learned), len(tested)) == (32, 8)
    assert not set(learned) & set(tested)
    assert section.hits["beat"].min() == 0.0
    np.testing.assert_allclose(section.performed.std(), 0.1, rtol=0.05)


def test_data_that_cannot_be_used_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="piece must be in the path of one performance"):
        read_section(data, "none")
    write_rock(tmp_path / "short.mid", bars=2)
    kit = object()
    with pytest.raises(SoundError, match="piece must have 40 beats, got 8 in short"):
        section_of(read_performance(tmp_path / "short.mid"), kit)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["conditional", "mixture"])
def test_training_learns_and_can_be_stopped(section: Section, tmp_path: Path, name: str) -> None:
    fit(section, name, tmp_path / "one", budget="tiny", stop_after=1)
    first = find_runs(tmp_path / "one")[0].elbo
    resumed = fit(section, name, tmp_path / "one", budget="tiny")
    whole = fit(section, name, tmp_path / "two", budget="tiny")
    assert resumed.epochs == 3
    assert resumed.elbo > first
    assert same_weights(resumed, whole)


def test_the_engine_measures_what_torch_does(section: Section, tmp_path: Path) -> None:
    """In blocks of any size, with the state carried on, against the whole sequence at once."""
    run = fit(section, "mixture", tmp_path, budget="tiny", stop_after=1)
    meter = DivergenceMeter(export_run(run, section)[0])
    meter.prepare()
    performed, reference = section.performed[:9000], 0.5 * section.performed[100:9100]
    whole = run.divergence(performed[None], reference)[0]
    cuts = np.sort(np.random.default_rng(0).integers(0, 9000, 40))
    pairs = zip(np.split(performed, cuts), np.split(reference, cuts), strict=True)
    found = np.concatenate([*(meter.process(*pair) for pair in pairs), meter.finish()])
    # Float32 sums in another order, over a recurrence of 9000 steps.
    np.testing.assert_allclose(found, whole, rtol=1e-2, atol=1e-3)


def same_weights(one: Run, other: Run) -> bool:
    pairs = zip(one.model.state_dict().values(), other.model.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_runs_are_refused_that_do_not_belong_together(section: Section, tmp_path: Path) -> None:
    fit(section, "none", tmp_path / "one", budget="tiny", stop_after=1)
    with pytest.raises(ModelError, match="with seed 1 instead of 2; choose another folder"):
        fit(section, "none", tmp_path / "one", budget="tiny", seed=2)
    fit(section, "none", tmp_path / "two", budget="tiny", stop_after=1)
    with pytest.raises(ModelError, match="runs must be one for each model and seed, all of one piece"):
        find_runs(tmp_path)
    with pytest.raises(ModelError, match="runs must be a folder with runs of tsumami train groove"):
        find_runs(tmp_path / "none")


def test_seeds_stand_beside_each_other(section: Section, tmp_path: Path) -> None:
    for seed in (2, 1):
        fit(section, "none", tmp_path / f"seed{seed}", budget="tiny", seed=seed, stop_after=1)
    assert [run.label for run in find_runs(tmp_path)] == ["none", "none, seed 2"]


def test_every_variant_has_a_noise() -> None:
    assert [VARIANTS[name].noise for name in NOISES] == list(NOISES)
    assert {variant.components for variant in VARIANTS.values()} == {1, 2}
