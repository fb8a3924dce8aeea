"""The generator of loops that draws: what it draws, what it knows, and that its file draws the same."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.loops_data import write_loops_data
from tsumami.engine.loops.assembly import STEPS
from tsumami.engine.loops.generator import LoopGenerator
from tsumami.engine.loops.wishes import KINDS, Wish
from tsumami.training.loops.data import LoopData, loop_data
from tsumami.training.loops.drawn import DrawnGenerator, dealt, drawn
from tsumami.training.loops.examples import centroid_octaves
from tsumami.training.loops.export import export_run
from tsumami.training.loops.fit import fit
from tsumami.training.loops.likelihood import Likely
from tsumami.training.loops.networks import LATENTS, RESTS, SOUNDS
from tsumami.training.loops.schedule import SCHEDULES
from tsumami.training.loops.vocabulary import Vocabulary, ones_of


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> LoopData:
    return loop_data(write_loops_data(tmp_path_factory.mktemp("data")), SCHEDULES["smoke"], 1)


@pytest.fixture(scope="module")
def vocabulary(data: LoopData) -> Vocabulary:
    return Vocabulary(data.learned, data.basis, 1)


@given(st.integers(0, 10_000))
def test_every_bar_is_dealt_each_share_once(seed: int) -> None:
    lots = torch.randn(3, STEPS, generator=torch.Generator().manual_seed(seed))
    shares = dealt(lots)
    middles = (torch.arange(STEPS) + 0.5) / STEPS
    torch.testing.assert_close(shares.sort(dim=1).values, middles.expand(3, -1))
    torch.testing.assert_close(shares.argsort(dim=1), lots.argsort(dim=1))


@given(st.integers(0, 10_000))
def test_one_sound_is_drawn_as_often_as_its_chance(seed: int) -> None:
    """Over all shares that there are, to the nearest of them."""
    chances = torch.rand(1, 9, 1, generator=torch.Generator().manual_seed(seed)) ** 3
    chances /= chances.sum()
    shares = (torch.arange(1000) + 0.5) / 1000
    found = drawn(chances.expand(1, 9, 1000), shares[None])
    torch.testing.assert_close(found.sum(dim=1), torch.ones(1, 1000))
    torch.testing.assert_close(found.mean(dim=2), chances[..., 0], atol=2e-3, rtol=0.0)


def test_the_other_kind_is_never_drawn() -> None:
    torch.manual_seed(0)
    generator = DrawnGenerator(torch.randn(sum(SOUNDS.values()), 224))
    for kind, rest in zip(KINDS, RESTS, strict=True):
        wishes = torch.from_numpy(np.stack([Wish(kind).numbers()] * 8))
        shares = generator.shares(torch.randn(8, generator.latents), wishes)
        assert shares[:, rest : rest + SOUNDS[kind]].sum() == 8 * STEPS


def test_what_was_learned_is_found_again(data: LoopData, vocabulary: Vocabulary) -> None:
    """Where there are fewer sounds than room for them, every loop is one of theirs."""
    weights, wishes = map(torch.from_numpy, (data.learned.weights, data.learned.wishes))
    chosen = vocabulary.chosen(weights, wishes)
    found = vocabulary.sounds[chosen].transpose(1, 2)
    torch.testing.assert_close(found, weights[:, :-1], atol=6e-4, rtol=0.0)  # they are kept to 3 decimals
    is_rest = torch.isin(chosen, torch.tensor(RESTS))
    torch.testing.assert_close(is_rest, weights[:, -1] == 0.0)


def test_how_bright_is_told_as_it_is_heard(data: LoopData, vocabulary: Vocabulary) -> None:
    weights, wishes = map(torch.from_numpy, (data.learned.weights, data.learned.wishes))
    told = vocabulary.octaves(ones_of(vocabulary.chosen(weights, wishes)))
    heard = [centroid_octaves(loop.audio()) for loop in data.loops]
    assert np.corrcoef(told.numpy(), heard)[0, 1] > 0.9


def test_a_loop_becomes_likely(data: LoopData, vocabulary: Vocabulary) -> None:
    torch.manual_seed(0)
    likely = Likely(vocabulary)
    optimiser = torch.optim.Adam([each for each in likely.parameters() if each.requires_grad], 2e-3)
    weights, wishes = (torch.from_numpy(each[:1]) for each in (data.learned.weights, data.learned.wishes))
    losses = []
    for _ in range(60):
        loss = likely.loss(weights.expand(8, -1, -1), wishes.expand(8, -1))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def test_its_file_draws_the_same(data: LoopData, tmp_path: Path) -> None:
    run = fit(data, "drawn", tmp_path, budget="smoke")
    content, _ = export_run(run, data)
    generator = LoopGenerator(content)
    assert generator.latents == run.generator.latents == LATENTS + STEPS
    rng = np.random.default_rng(3)
    for wish in (Wish(kind, density=density) for kind in KINDS for density in (0.2, 0.8)):
        latent, told = rng.standard_normal(generator.latents).astype(np.float32), wish.numbers()
        with torch.inference_mode():
            weights = run.generator(torch.from_numpy(latent)[None], torch.from_numpy(told)[None]).numpy()
        made = generator.sounds(latent, wish)
        expected = data.basis.sounds(weights)[0]
        # Half precision of the shapes.
        np.testing.assert_allclose(made, expected, atol=2e-3 * max(1.0, np.abs(expected).max()))
