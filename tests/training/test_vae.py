import numpy as np
import pytest
import torch

from tsumami.plugins.match.mel import BANDS, FRAMES
from tsumami.training.macros.vae import LATENT, Vae, embed, fit_vae


@pytest.fixture
def pictures() -> torch.Tensor:
    """Ridges at random heights: a family with one degree of freedom."""
    torch.manual_seed(0)
    place = torch.rand(96, 1, 1)
    height = torch.linspace(0, 1, BANDS)[None, :, None]
    return torch.exp(-(((height - place) / 0.15) ** 2)).expand(-1, -1, FRAMES).contiguous()


def test_training_brings_the_loss_down_and_tells_sounds_apart(pictures: torch.Tensor) -> None:
    torch.manual_seed(1)
    vae = Vae(channels=2, kernel=3)
    losses = list(fit_vae(vae, pictures, epochs=12, batch=16))
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])
    means = embed(vae, pictures)
    near = torch.cdist(means, means).argsort(dim=1)[:, 1]
    ranks = pictures[:, :, 0].argmax(dim=1).float()
    assert (ranks - ranks[near]).abs().median() <= 4  # of 64 bands


def test_one_sound_has_one_latent(pictures: torch.Tensor) -> None:
    torch.manual_seed(2)
    vae = Vae(channels=4, kernel=3)
    list(fit_vae(vae, pictures, epochs=1, batch=32))
    alone, together = embed(vae, pictures[:1]), embed(vae, pictures)
    assert together.shape == (len(pictures), LATENT)
    torch.testing.assert_close(alone, together[:1])
    torch.testing.assert_close(embed(vae, pictures), together, rtol=0, atol=0)


@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_pictures_come_back_in_their_shape(kernel: int, pictures: torch.Tensor) -> None:
    vae = Vae(channels=2, kernel=kernel)
    mean, log_variance = vae.posterior(pictures[:3])
    assert mean.shape == log_variance.shape == (3, LATENT)
    assert vae.decoder(mean).shape == (3, 1, BANDS, FRAMES)
