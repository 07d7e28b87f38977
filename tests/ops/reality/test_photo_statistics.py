"""Each statistic measures what it says: known damage gives known numbers."""

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from ops.images import decode_rgb, encode_jpeg
from ops.reality.compression import blockiness
from ops.reality.crops import photo_statistics
from ops.reality.noise import channel_correlation, coarse_noise, grain_size, noise_by_tone, overall_noise
from ops.reality.sharpness import edge_blur, fine_detail, radial_power, spectral_slope
from ops.reality.tone import black_point, colour_cast, colourfulness, contrast, white_point

GENERATOR_SEED = 7


def noise(channels: int = 1) -> Tensor:
    return torch.randn(1, channels, 256, 256, generator=torch.Generator().manual_seed(GENERATOR_SEED))


def blurred(photo: Tensor, sigma: float) -> Tensor:
    planes = [torch.from_numpy(cv2.GaussianBlur(plane.numpy(), (0, 0), sigma)) for plane in photo[0]]
    return torch.stack(planes)[None]


def disc() -> Tensor:
    """A light disc on dark ground, with slopes inside and outside: one edge in every direction."""
    y, x = torch.meshgrid(torch.arange(256.0), torch.arange(256.0), indexing="ij")
    plane = 0.2 + 0.1 * x / 256 + 0.5 * (torch.hypot(x - 128, y - 128) < 80)
    return plane.expand(1, 3, -1, -1).contiguous()


def ramp() -> Tensor:
    return torch.linspace(0.05, 0.95, 256).expand(1, 3, 256, 256).contiguous()


@pytest.mark.parametrize("sigma", [1.0, 3.0, 10.0])
def test_known_noise_is_measured_within_five_percent(sigma: float) -> None:
    photo = (disc() + sigma / 255 * noise()).clamp(0, 1)
    assert overall_noise(photo) == pytest.approx(sigma, rel=0.05)


def test_noise_is_found_in_the_tone_that_has_it() -> None:
    photo = ramp() + 8 / 255 * (ramp() > 2 / 3) * noise()
    levels = noise_by_tone(photo.clamp(0, 1))
    assert levels["shadows"] < 0.1
    assert levels["middle tones"] < 0.5
    assert levels["highlights"] == pytest.approx(8, rel=0.1)


def test_a_black_photo_has_no_measurable_noise() -> None:
    assert np.isnan(overall_noise(torch.zeros(1, 3, 64, 64)))


def test_halving_the_photo_halves_white_noise() -> None:
    photo = 0.5 + 6 / 255 * noise().expand(1, 3, -1, -1)
    assert coarse_noise(photo) == pytest.approx(3, rel=0.07)


@pytest.mark.parametrize("size", [0.6, 0.8, 1.2])
def test_the_size_of_grain_is_measured_within_a_fifth(size: float) -> None:
    grain = blurred(noise(), size)
    photo = 0.5 + 0.04 * grain / grain.std()
    assert grain_size(photo.expand(1, 3, -1, -1).contiguous()) == pytest.approx(size, rel=0.2)


def test_white_noise_has_no_size() -> None:
    assert grain_size(0.5 + 0.04 * noise().expand(1, 3, -1, -1)) < 0.25


def test_grain_is_shared_by_the_channels_and_scanner_noise_is_not() -> None:
    assert channel_correlation(0.5 + 0.03 * noise(1).expand(1, 3, -1, -1)) == pytest.approx(1, abs=0.01)
    assert channel_correlation(0.5 + 0.03 * noise(3)) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("sigma", [1.0, 1.5, 2.0, 3.0])
def test_the_blur_of_an_edge_is_measured_within_a_tenth(sigma: float) -> None:
    assert edge_blur(blurred(disc(), sigma)) == pytest.approx(sigma, rel=0.1)


def test_blur_takes_fine_detail_and_steepens_the_spectrum() -> None:
    photo = (disc() + 0.05 * noise()).clamp(0, 1)
    assert fine_detail(blurred(photo, 1.0)) < fine_detail(photo) - 6
    assert spectral_slope(blurred(photo, 1.0)) > spectral_slope(photo)


def test_the_spectrum_of_white_noise_is_flat_and_holds_its_variance() -> None:
    _, power = radial_power(0.5 + 0.05 * noise().expand(1, 3, -1, -1))
    assert power[2:].mean() == pytest.approx(0.05**2, rel=0.05)
    assert power[2:] == pytest.approx(np.full(22, 0.05**2), rel=0.3)  # the inner rings hold few frequencies


def test_fading_lifts_black_and_narrows_contrast_by_what_it_says() -> None:
    clean = ramp()
    faded = 0.6 * clean + 0.2
    assert contrast(faded) == pytest.approx(0.6 * contrast(clean), abs=0.01)
    assert black_point(faded) == pytest.approx(0.6 * black_point(clean) + 0.2, abs=0.01)
    assert white_point(faded) == pytest.approx(0.6 * white_point(clean) + 0.2, abs=0.01)


def test_a_grey_photo_has_no_colour_and_a_toned_one_leans_without_spread() -> None:
    assert colour_cast(ramp()) == pytest.approx({"green-red": 0, "blue-yellow": 0}, abs=0.05)
    toned = torch.full((1, 3, 64, 64), 0.6) * torch.tensor([1.0, 0.93, 0.8]).view(1, 3, 1, 1)
    assert colour_cast(toned)["blue-yellow"] > 8
    assert colourfulness(toned) == pytest.approx(0, abs=0.01)
    assert colourfulness(torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))) > 30


def test_seams_grow_with_compression_and_are_found_in_any_phase() -> None:
    photo = (blurred(disc(), 3) + 0.03 * blurred(noise(), 1.5) / 0.2).clamp(0, 1)
    plain, strong = blockiness(photo), decode_rgb(encode_jpeg(photo, 10))
    assert blockiness(decode_rgb(encode_jpeg(photo, 40))) > plain + 0.05
    assert blockiness(strong) > blockiness(decode_rgb(encode_jpeg(photo, 40)))
    assert blockiness(strong[..., 3:, 5:]) == pytest.approx(blockiness(strong), rel=0.2)


def test_a_photo_too_small_to_measure_is_refused() -> None:
    with pytest.raises(ValueError, match="32 x 32"):
        photo_statistics(torch.rand(1, 3, 16, 16))
