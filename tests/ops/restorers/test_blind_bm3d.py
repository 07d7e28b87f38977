"""Blind BM3D measures the noise it removes."""

import pytest
import torch
from skimage import data
from torch import Tensor
from torch.testing import assert_close

from ops.bm3d import to_opponent
from ops.metrics import psnr
from ops.restorers.bm3d import BlindBm3d, estimate_sigma

BLIND = BlindBm3d(least_levels=3, most_levels=50)


@pytest.fixture(scope="module")
def clean() -> Tensor:
    return torch.from_numpy(data.astronaut()[40:150, 160:280]).permute(2, 0, 1)[None].float() / 255


def noise_like(pixels: Tensor, levels: float) -> Tensor:
    return levels / 255 * torch.randn(pixels.shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("levels", [5, 15, 25])
def test_the_estimate_finds_the_noise_that_was_added(levels: float) -> None:
    plane = torch.from_numpy(data.camera())[None, None].float() / 255
    assert 255 * estimate_sigma(plane + noise_like(plane, levels)) == pytest.approx(levels, rel=0.1, abs=1.5)


def test_the_estimate_of_a_flat_or_tiny_plane_is_zero() -> None:
    assert estimate_sigma(torch.full((1, 1, 20, 20), 0.4)) == 0
    assert estimate_sigma(torch.rand(1, 1, 3, 20)) == 0


def test_grain_alike_in_all_channels_is_removed_as_well_as_independent_noise(clean: Tensor) -> None:
    grain = (clean + noise_like(clean[:, :1], 25)).clamp(0, 1)
    assert psnr(BLIND(grain, None), clean) > psnr(grain, clean) + 7


def test_sigma_stays_within_its_bounds(clean: Tensor) -> None:
    flat, wild = to_opponent(torch.full((1, 3, 32, 32), 0.5)), to_opponent(torch.rand(1, 3, 32, 32))
    norm = 3**-0.5
    assert 255 * BLIND.sigmas(flat)[0] == pytest.approx(3 * norm)
    assert 255 * BLIND.sigmas(wild)[0] == pytest.approx(50 * norm)


def test_a_grey_photo_stays_grey(clean: Tensor) -> None:
    grey = clean.mean(dim=1, keepdim=True)[..., :40, :50].expand(1, 3, -1, -1)
    restored = BLIND(grey, None)
    assert torch.equal(restored[:, 0], restored[:, 1])
    assert torch.equal(restored[:, 0], restored[:, 2])


def test_the_mask_is_ignored(clean: Tensor) -> None:
    crop = clean[..., :30, :30]
    assert_close(BLIND(crop, torch.ones(1, 1, 30, 30)), BLIND(crop, None))
