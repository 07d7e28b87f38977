"""BM3D: its transforms, its search, and the quality of the reference implementation."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from skimage import data
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle
from torch import Tensor
from torch.testing import assert_close

from ops import bm3d

Transform = Callable[[], tuple[Tensor, Tensor]]


def mean_db(estimate: Tensor, clean: Tensor) -> float:
    return float(-10 * (estimate.clamp(0, 1) - clean).square().mean().log10())


def reference_noise(clean: np.ndarray, sigma: float) -> Tensor:
    return torch.from_numpy(clean + np.random.default_rng(0).normal(0, sigma / 255, clean.shape)).float()


def test_colour_quality_is_that_of_the_reference_implementation() -> None:
    """The authors' binary (bm3d 4.0.3) reaches 32.53 dB on this crop, sigma 25, unclipped noise."""
    clean = data.astronaut()[0:256, 96:352] / 255
    noisy = reference_noise(clean, 25).permute(2, 0, 1)[None]
    estimate = bm3d.denoise_rgb(noisy, 25 / 255)
    assert mean_db(estimate, torch.from_numpy(clean).permute(2, 0, 1)[None]) > 32.53 - 0.2


def test_grey_quality_is_that_of_the_reference_implementation() -> None:
    """The authors' binary (bm3d 4.0.3) reaches 29.92 dB on the whole photo, sigma 25, unclipped noise."""
    clean = data.camera() / 255
    estimate = bm3d.denoise_planes(reference_noise(clean, 25)[None, None], [25 / 255])[0, 0]
    assert mean_db(estimate, torch.from_numpy(clean)) > 29.92 - 0.1


def test_grey_quality_exceeds_total_variation_and_nonlocal_means_by_one_decibel() -> None:
    clean = data.camera()[60:220, 140:300] / 255
    noisy = reference_noise(clean, 25)
    ours = mean_db(bm3d.denoise_planes(noisy[None, None], [25 / 255])[0, 0], torch.from_numpy(clean))
    means = denoise_nl_means(noisy.numpy(), h=0.6 * 25 / 255, sigma=25 / 255, patch_size=5, patch_distance=6)
    variation = denoise_tv_chambolle(noisy.numpy(), weight=0.1)
    assert ours > 1 + max(mean_db(torch.from_numpy(other), torch.from_numpy(clean)) for other in (means, variation))


def test_without_noise_nothing_changes() -> None:
    photo = torch.rand(1, 3, 20, 30)
    assert torch.equal(bm3d.denoise_planes(photo, [0, 0, 0]), photo)


@pytest.mark.parametrize("transform", [bm3d._bior, bm3d._dct])
def test_block_transforms_are_invertible_and_keep_the_noise_level(transform: Transform) -> None:
    forward, inverse = transform()
    assert_close(inverse @ forward, torch.eye(64), atol=1e-5, rtol=0)
    assert_close(forward.square().sum(dim=1), torch.ones(64))


@pytest.mark.parametrize("stack", [16, 32])
def test_the_transform_along_a_stack_is_orthonormal(stack: int) -> None:
    haar = bm3d._haar(stack)
    assert_close(haar @ haar.T, torch.eye(stack))


def test_the_search_finds_what_comparing_every_block_finds() -> None:
    photo = torch.rand(26, 35, generator=torch.Generator().manual_seed(0))
    framed = torch.nn.functional.pad(photo[None], (bm3d.REACH,) * 4, value=bm3d.OUTSIDE)[0]
    rows, columns = 7, 10
    found = bm3d._match(framed, 0, rows, 16)
    blocks = photo.unfold(0, 8, 1).unfold(1, 8, 1).flatten(2)  # (19, 28, 64)
    for row in range(rows):
        for column in range(columns):
            y, x = 3 * row, 3 * column
            distance = (blocks - blocks[y, x]).square().sum(dim=-1)
            far = (torch.arange(28) - x).abs() > bm3d.REACH
            expected = distance.masked_fill(far[None], torch.inf).flatten().sort().values[:16]
            assert_close(distance.flatten()[found[row * columns + column]].sort().values, expected)


def test_strips_are_invisible(monkeypatch: pytest.MonkeyPatch) -> None:
    noisy = torch.rand(1, 1, 61, 40, generator=torch.Generator().manual_seed(0))
    whole = bm3d.denoise_planes(noisy, [0.2])
    monkeypatch.setattr(bm3d, "STRIP_ROWS", 3)
    assert_close(bm3d.denoise_planes(noisy, [0.2]), whole, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (16, 40), (33, 8)])
def test_a_flat_photo_of_any_size_stays_flat(size: tuple[int, int]) -> None:
    flat = torch.full((1, 3, *size), 0.3)
    assert_close(bm3d.denoise_rgb(flat, 0.1), flat, atol=1e-5, rtol=0)


def test_a_missing_sigma_is_refused() -> None:
    with pytest.raises(ValueError, match="one sigma per plane"):
        bm3d.denoise_planes(torch.rand(1, 3, 16, 16), [0.1])
    with pytest.raises(ValueError, match="standard deviation"):
        bm3d.denoise_planes(torch.rand(1, 1, 16, 16), [-1.0])
