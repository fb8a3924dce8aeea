"""What the models of the restoration paper hear, and what they may not."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import median_filter
from torch import Tensor

from tsumami.training.restoration.a_weighting import a_weighting
from tsumami.training.restoration.filter_layer import BinFilter
from tsumami.training.restoration.gate import Gate
from tsumami.training.restoration.hpss import harmonic_masks
from tsumami.training.restoration.models import ALONE, FREQUENCY, GATES, TIME, TRAINED, make_model
from tsumami.training.restoration.predictor import Predictor, Shape
from tsumami.training.restoration.qdlstm import Qdlstm
from tsumami.training.restoration.spectra import BINS, N_FFT, SAMPLE_RATE, frequencies_hz
from tsumami.training.restoration.windows import CONTEXT, EDGE, GAP, WINDOW

SHAPE = Shape(16, 8, 4)
EPSILON = float(np.finfo(np.float32).eps)


def frames(count: int = WINDOW, batch: int = 2) -> Tensor:
    return torch.rand(batch, count, BINS, generator=torch.Generator().manual_seed(0))


def heard(model: Predictor, count: int = WINDOW) -> Tensor:
    """Which frames every prediction depends on, bool ``[count - EDGE, count]``."""
    given = frames(count, 1).double()
    model = model.double()
    before = model(given)
    depends = []
    for frame in range(count):
        changed = given.clone()
        changed[:, frame] += 0.5
        depends.append((model(changed) != before).any(dim=2)[0])
    return torch.stack(depends, dim=1)


def model_of(name: str) -> Predictor:
    torch.manual_seed(3)
    model = make_model(name, SHAPE)
    if isinstance(model, Gate):  # at first it hears nothing but the two predictions
        for parameter in model.network.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


@pytest.mark.parametrize(
    ("hz", "db"),
    [
        (31.5, -39.4), (63, -26.2), (125, -16.1), (250, -8.6), (500, -3.2),
        (1000, 0.0), (2000, 1.2), (4000, 1.0), (8000, -1.1), (16_000, -6.6),
    ],
)  # fmt: skip
def test_a_weighting_is_that_of_the_standard(hz: float, db: float) -> None:
    # The table of IEC 61672-1 is rounded to 0.1 dB, at the exact frequencies 1000 * 10^(n / 10).
    exact = 1000.0 * 10.0 ** (round(10.0 * math.log10(hz / 1000.0)) / 10.0)
    assert 20.0 * np.log10(a_weighting(exact)) == pytest.approx(db, abs=0.05 + 1e-6)


def test_a_weighting_hears_nothing_at_0_hz_but_its_filter_has_a_reciprocal() -> None:
    assert a_weighting(0.0) == 0.0
    gains = BinFilter().gains
    assert gains[0] == gains[1]
    at_1_khz = gains[1000 * N_FFT // SAMPLE_RATE]
    weights = (gains / at_1_khz).detach()[1:]
    np.testing.assert_allclose(weights, a_weighting(frequencies_hz()[1:]), rtol=16 * EPSILON)


@pytest.mark.parametrize("name", ["filter_LSTM", TIME])
def test_filter_and_inverse_are_reciprocal_whatever_is_learned(name: str) -> None:
    model = model_of(name).train()
    layer = model.get_submodule("filter")
    assert isinstance(layer, BinFilter)
    start = layer.gains.detach().clone()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    given, ones = frames(), torch.ones(BINS)
    for _ in range(10):
        loss = (model(given) - given[:, CONTEXT:-CONTEXT]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        assert torch.equal(layer.inverse(layer(ones)), ones)
        assert (layer.gains > 0).all()
    assert (layer.gains != start).all(), "every bin has learned"
    assert sum(parameter.numel() for parameter in layer.parameters()) == BINS, "the two share their weights"


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("count", [12, 36, 60])
def test_inner_frames_are_predicted(name: str, count: int) -> None:
    predicted = model_of(name)(frames(count))
    assert predicted.shape == (2, count - EDGE, BINS)
    assert predicted.isfinite().all()


@pytest.mark.parametrize("name", ["LSTM", "filter_LSTM"])
def test_an_lstm_hears_all_of_the_past_and_nothing_else(name: str) -> None:
    for predicted, depends in enumerate(heard(model_of(name)), CONTEXT):
        assert depends[:predicted].all()
        assert not depends[predicted:].any()


def test_the_time_blstm_hears_everything_but_the_frame_it_predicts() -> None:
    for predicted, depends in enumerate(heard(model_of(TIME)), CONTEXT):
        assert not depends[predicted]
        assert depends[:predicted].all()
        assert depends[predicted + 1 :].all()


def test_the_frequency_blstm_hears_three_frames_on_either_side_of_six() -> None:
    for predicted, depends in enumerate(heard(model_of(FREQUENCY))):
        first = predicted // GAP * GAP
        given = {*range(first, first + CONTEXT), *range(first + CONTEXT + GAP, first + EDGE + GAP)}
        assert set(depends.nonzero()[:, 0].tolist()) == given


def test_the_frequency_blstm_hears_up_and_down_the_spectrum() -> None:
    model = model_of(FREQUENCY).double()
    given = frames(12, 1).double()
    before = model(given)
    for bin_ in (0, 128, BINS - 1):
        changed = given.clone()
        changed[..., bin_] += 1.0
        near = slice(max(bin_ - 10, 0), bin_ + 11)
        assert (model(changed) != before)[..., near].all()


@pytest.mark.parametrize("name", GATES)
def test_a_gate_does_not_hear_the_frame_it_predicts(name: str) -> None:
    for predicted, depends in enumerate(heard(model_of(name)), CONTEXT):
        assert not depends[predicted]


@pytest.mark.parametrize("name", GATES)
def test_a_gate_begins_as_qdlstm_and_stays_between_the_two(name: str) -> None:
    torch.manual_seed(1)
    gate = GATES[name](SHAPE, ALONE[TIME](SHAPE), ALONE[FREQUENCY](SHAPE))
    given = frames()
    mean = Qdlstm(gate.time, gate.frequency)
    torch.testing.assert_close(gate(given), mean(given))
    for parameter in gate.network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    weights = gate.weights(given, gate.time(given), gate.frequency(given))
    assert weights.shape == (2, WINDOW - EDGE, BINS)
    assert 0.0 < weights.min() < weights.max() < 1.0
    assert {name.partition(".")[0] for name, one in gate.named_parameters() if one.requires_grad} == {
        "network"
    }


def test_tones_are_harmonic_and_strokes_percussive() -> None:
    around, guess = torch.zeros(1, 1, BINS, EDGE), torch.zeros(1, 1, BINS)
    around[..., 40, :] = guess[..., 40] = 1.0
    around[..., CONTEXT] += 0.3  # a stroke right after the gap
    masks = harmonic_masks(around, guess)[0, 0]
    assert (masks[40, :2] > 0.99).all()
    assert masks[41, 2] < 0.01
    assert 0.0 <= masks.min() <= masks.max() <= 1.0


def test_the_median_over_frequency_is_one() -> None:
    # Where nothing moves, H is the spectrum itself, and P is H √(1 / mask - 1).
    spectrum = np.random.default_rng(0).random(BINS)
    around = torch.from_numpy(spectrum)[None, None, :, None].expand(1, 1, BINS, EDGE)
    masks = harmonic_masks(around, around[..., 0])[0, 0, :, 0].numpy()
    found = spectrum * np.sqrt(1.0 / masks - 1.0)
    np.testing.assert_allclose(found, median_filter(spectrum, 17, mode="mirror"), rtol=1e-6)
