import pytest
import torch
from torch.testing import assert_close

from models.blocks import Norm
from models.vae import Vae, VaeConfig

SHORTCUT = VaeConfig(widths=(4, 6, 8), latent_channels=48, num_blocks=1, norm=Norm.NONE, has_pixel_shortcut=True)
PUBLISHED = VaeConfig(
    widths=(64, 64, 64), latent_channels=64, num_blocks=4, norm=Norm.INSTANCE, has_pixel_shortcut=False
)


def test_the_published_autoencoder_has_its_published_number_of_weights() -> None:
    heads = 64 * 128 + 128 + 64 * 64 + 64  # mean and log-variance, and the way back: the public code has neither
    assert sum(p.numel() for p in Vae(PUBLISHED).parameters()) == 872_131 + heads


def test_latent_is_a_quarter_of_the_photo() -> None:
    assert Vae(SHORTCUT).encode(torch.rand(2, 3, 16, 24)).mean.shape == (2, 48, 4, 6)


def test_an_untrained_network_with_the_shortcut_already_returns_the_photo() -> None:
    photo = torch.rand(1, 3, 16, 16)
    vae = Vae(SHORTCUT)
    assert_close(vae.decode(vae.encode(photo).mean), photo)


def test_exposure_and_tint_survive_without_norm_and_are_erased_by_instance_norm() -> None:
    photo = torch.rand(1, 3, 32, 32) * 0.5 + 0.2
    faded = 0.5 * photo + torch.tensor([0.3, 0.2, 0.1]).view(1, 3, 1, 1)
    blind, seeing = Vae(PUBLISHED), Vae(SHORTCUT)
    assert_close(blind.encode(photo).mean, blind.encode(faded).mean, atol=0.02, rtol=0.05)
    assert (seeing.encode(photo).mean - seeing.encode(faded).mean).abs().mean() > 0.1


def test_samples_follow_the_posterior() -> None:
    posterior = Vae(SHORTCUT).encode(torch.full((1, 3, 64, 64), 0.5))
    noise = torch.randn(posterior.mean.shape, generator=torch.Generator().manual_seed(1))
    drawn = posterior.sample(noise) - posterior.mean
    assert_close(drawn.std(), torch.tensor(-4.0).exp(), rtol=0.05, atol=0)


def test_too_few_latent_channels_for_the_shortcut_are_refused() -> None:
    with pytest.raises(ValueError, match="latent_channels >= 48, got 32"):
        Vae(VaeConfig((4, 4, 4), 32, 1, Norm.NONE, has_pixel_shortcut=True))
