"""The metrics against definitions written a second time, and against published conventions."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from skimage import data
from skimage.metrics import peak_signal_noise_ratio
from torch import Tensor

from ops.metrics import psnr, roc_auc, saved_levels, ssim


@pytest.fixture(scope="module")
def clean() -> Tensor:
    return torch.from_numpy(data.chelsea()).permute(2, 0, 1)[None, :, 60:180, 100:241].float() / 255


@pytest.fixture(scope="module")
def noisy(clean: Tensor) -> Tensor:
    return (clean + 0.08 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)


def ssim_by_convolution(x: Tensor, y: Tensor) -> float:
    """SSIM written out: valid Gaussian windows only, float64, channels averaged."""
    x, y = saved_levels(x).double(), saved_levels(y).double()
    taps = torch.exp(-torch.arange(-5, 6, dtype=torch.float64).square() / (2 * 1.5**2))
    window = (taps[:, None] * taps[None]) / taps.sum() ** 2
    kernel = window.expand(3, 1, 11, 11)

    def mean(z: Tensor) -> Tensor:
        return F.conv2d(z, kernel, groups=3)

    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float(((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean())


def test_psnr_agrees_with_scikit_image(clean: Tensor, noisy: Tensor) -> None:
    x, y = saved_levels(clean).numpy(), saved_levels(noisy).numpy()
    assert psnr(noisy, clean) == pytest.approx(peak_signal_noise_ratio(x, y, data_range=255), abs=1e-9)


def test_psnr_of_a_shift_by_one_level_is_the_textbook_value() -> None:
    clean = torch.full((1, 3, 16, 16), 100 / 255)
    assert psnr(clean + 1 / 255, clean) == pytest.approx(48.1308, abs=1e-4)


def test_a_photo_saved_unchanged_has_infinite_psnr_and_ssim_one(clean: Tensor) -> None:
    assert math.isinf(psnr(clean + 0.001, clean))  # a quarter level vanishes in saving
    assert ssim(clean, clean) == pytest.approx(1)


def test_ssim_agrees_with_its_definition_by_convolution(clean: Tensor, noisy: Tensor) -> None:
    assert ssim(noisy, clean) == pytest.approx(ssim_by_convolution(noisy, clean), abs=1e-6)


def test_values_outside_the_range_count_as_clipped(clean: Tensor, noisy: Tensor) -> None:
    wild = torch.where(noisy > 0.9, noisy + 5, noisy)
    assert psnr(wild, clean) == psnr(torch.where(noisy > 0.9, 1.0, noisy), clean)


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_nan_and_foreign_sizes_are_refused(metric: Callable[[Tensor, Tensor], float], clean: Tensor) -> None:
    broken = clean.clone()
    broken[0, 0, 3, 3] = torch.nan
    with pytest.raises(ValueError, match="NaN"):
        metric(broken, clean)
    with pytest.raises(ValueError, match="sizes must agree"):
        metric(clean[..., 1:], clean)
    with pytest.raises(ValueError, match="one RGB photo"):
        metric(clean[:, :1], clean[:, :1])


def test_ssim_says_that_a_photo_is_smaller_than_its_window(clean: Tensor) -> None:
    with pytest.raises(ValueError, match="141 x 8"):
        ssim(clean[..., :8, :], clean[..., :8, :])


def test_roc_auc_is_the_chance_that_a_damaged_pixel_outranks_an_intact_one() -> None:
    generator = torch.Generator().manual_seed(1)
    mask = (torch.rand(1, 1, 20, 20, generator=generator) > 0.8).float()
    scores = (0.4 * mask + torch.rand(mask.shape, generator=generator)).mul(10).round()  # with ties
    damaged, intact = scores[mask == 1], scores[mask == 0]
    margin = damaged[:, None] - intact[None]
    by_pairs = ((margin > 0).double() + 0.5 * (margin == 0).double()).mean()
    assert roc_auc(scores, mask) == pytest.approx(float(by_pairs), abs=1e-9)


def test_roc_auc_needs_both_kinds_of_pixel() -> None:
    with pytest.raises(ValueError, match="damaged and intact"):
        roc_auc(torch.rand(1, 1, 4, 4), torch.zeros(1, 1, 4, 4))
