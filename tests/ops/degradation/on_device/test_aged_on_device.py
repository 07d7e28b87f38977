from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, get_args, get_origin

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from ops.degradation.ageing import Ageing
from ops.degradation.blur import AnisotropicBlur, BoxBlur, GaussianBlur, MotionBlur
from ops.degradation.fading import DyeFading, Fading, Yellowing
from ops.degradation.film_grain import FilmGrain
from ops.degradation.halation import Halation
from ops.degradation.jpeg import DoubleJpeg, Jpeg
from ops.degradation.noise import GaussianNoise, SaltAndPepper, SignalNoise, Speckle
from ops.degradation.on_device.ageing import BATCH_FORMS, aged_on_device
from ops.degradation.plan import Plan
from ops.degradation.printing import BLACK, ORTHOCHROMATIC, PANCHROMATIC, SEPIA_LIGHT, SEPIA_SHADOW, WHITE, Monochrome
from ops.degradation.resolution import Interpolation, LowResolution
from ops.degradation.shading import Shading, Vignette
from ops.degradation.surface import Finish, PaperSurface
from tests.ops.degradation.test_ageing import IDENTITIES

ROUNDING = 1e-5  # 1/392 of an 8-bit level: float32 sums in another order

SAME: list[Sequence[Any]] = [
    [GaussianBlur(0.4), GaussianBlur(1.6), GaussianBlur(4, taps=5)],
    [BoxBlur(0.5), BoxBlur(3), BoxBlur(2)],
    [MotionBlur(1, 0.3), MotionBlur(4, 2.5), MotionBlur(9.3, 1)],
    [AnisotropicBlur(0.4, 1.6, 1), AnisotropicBlur(1.2, 1.1, 2), AnisotropicBlur(3, 0.01, 0.5)],
    [Fading((0.7, 0.8, 0.9), (0.1, 0.05, 0)), Fading((1, 1, 1), (0, 0, 0.3)), Fading((1.1, 1, 1), (0, 0, 0))],
    [Yellowing(0.1), Yellowing(0.7), Yellowing(1)],
    [DyeFading((0.7, 0.4, 0.2), (0, 0.03, 0.1)), DyeFading((0, 0.5, 0), (0, 0, 0)), DyeFading((1, 1, 1), (0, 0, 0))],
    [
        Monochrome(PANCHROMATIC, BLACK, WHITE),
        Monochrome(ORTHOCHROMATIC, SEPIA_SHADOW, SEPIA_LIGHT),
        Monochrome(PANCHROMATIC, BLACK, WHITE, 0.3),
    ],
    [Halation(0.5, 12, 0.5, (1, 0.5, 0.25)), Halation(0.1, 2, 0.8, (1, 1, 1)), Halation(1, 30, 0.1, (1, 1, 1))],
    [Shading(0.15, 0.06, 0.4, 0.8, 1), Shading(0.1, 0, 1.2, 0, 2), Shading(0, 0.3, 0.05, 0.5, 3)],
    [Vignette(0.4, 1.6, 0.35, 0.65), Vignette(0.1, 3.5, 0.5, 0.5), Vignette(1, 2, 0, 0)],
    [Jpeg(40), Jpeg(98), Jpeg(75)],
    [DoubleJpeg(40, 90, 3, 5), DoubleJpeg(98, 50, 0, 0), DoubleJpeg(75, 75, 7, 1)],
]
ALIKE: list[Any] = [
    GaussianNoise(0.05, False, 1),
    GaussianNoise(0.05, True, 2),
    Speckle(0.1, False, 3),
    SaltAndPepper(0.05, 0.3, False, 4),
    SaltAndPepper(0.05, 0.7, True, 5),
    SignalNoise(0.004, 0.02, 6),
    FilmGrain(0.03, 0.1, 0.0, 0.0, 7),
    FilmGrain(0.03, 0.7, 0.15, 0.0, 8),
    FilmGrain(0.03, 0.4, 0.1, 0.5, 9),
    PaperSurface(Finish.MATTE, 0.04, 2.0, 0.4, 10),
    PaperSurface(Finish.LINEN, 0.04, 5.0, 1.4, 11),
    PaperSurface(Finish.SILK, 0.04, 8.0, 2.4, 12),
]


def plans(photos: Tensor, *ageings: Sequence[Any]) -> list[Plan]:
    height, width = photos.shape[-2:]
    return [Plan("test", height, width, None, (), tuple(ageing)) for ageing in ageings]


def by_numpy(photos: Tensor, chosen: Sequence[Plan]) -> Tensor:
    aged = []
    for photo, plan in zip(photos, chosen, strict=True):
        pixels = np.ascontiguousarray(photo.permute(1, 2, 0).numpy())
        for step in plan.ageing:
            pixels = step.apply(pixels)
        aged.append(torch.from_numpy(pixels).permute(2, 0, 1))
    return torch.stack(aged)


def power(photo: Tensor) -> Tensor:
    """Mean power of the luminance deviations in eight rings of frequency."""
    plane = photo.mean(0) - photo.mean()
    spectrum = torch.fft.fft2(plane).abs() ** 2 / plane.numel()
    rows, columns = (torch.fft.fftfreq(length) for length in plane.shape)
    ring = (torch.hypot(rows[:, None], columns) * 16).long().clamp(max=7)
    return torch.stack([spectrum[ring == number].mean() for number in range(8)])


def kinds() -> set[type]:
    union = get_args(Ageing)[0] if get_origin(Ageing) is Annotated else Ageing
    return set(get_args(union))


def test_every_kind_of_ageing_has_a_batch_form() -> None:
    assert set(BATCH_FORMS) == kinds()


@pytest.mark.parametrize("size_px", [(40, 57), (400, 391), (9, 5)], ids=str)
@pytest.mark.parametrize("steps", SAME, ids=lambda steps: steps[0].kind)
def test_what_draws_no_noise_is_the_numpy_form_but_for_rounding(steps: Sequence[Any], size_px: tuple[int, int]) -> None:
    photos = torch.rand(3, 3, *size_px)
    chosen = plans(photos, *([step] for step in steps))
    assert_close(aged_on_device(photos, chosen), by_numpy(photos, chosen), rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("up", list(Interpolation))
@pytest.mark.parametrize("down", list(Interpolation))
def test_photos_lose_resolution_as_opencv_takes_it(down: Interpolation, up: Interpolation) -> None:
    photos = torch.rand(5, 3, 61, 90)
    factors = [(1.0, 1.8), (1.37, 1.37), (2, 2), (1.01, 1.6), (3.7, 5)]
    chosen = plans(photos, *([LowResolution(*factor, down, up)] for factor in factors))
    assert_close(aged_on_device(photos, chosen), by_numpy(photos, chosen), rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("step", IDENTITIES, ids=lambda step: step.kind)
def test_ageing_without_strength_is_the_identity_on_a_device_too(step: Any) -> None:
    photos = torch.rand(1, 3, 40, 48)
    assert_close(aged_on_device(photos, plans(photos, [step])), photos, rtol=0, atol=1e-6)


@pytest.mark.parametrize("step", ALIKE, ids=str)
def test_what_draws_noise_has_the_mean_variance_and_spectrum_of_the_numpy_form(step: Any) -> None:
    photos = torch.full((1, 3, 256, 256), 0.6)
    chosen = plans(photos, [step])
    ours, theirs = aged_on_device(photos, chosen)[0], by_numpy(photos, chosen)[0]
    assert_close(ours.mean((1, 2)), theirs.mean((1, 2)), rtol=0, atol=0.003)
    assert_close(ours.std((1, 2)), theirs.std((1, 2)), rtol=0.05, atol=0)
    assert_close(torch.corrcoef(ours.flatten(1)), torch.corrcoef(theirs.flatten(1)), rtol=0, atol=0.03)
    assert_close(power(ours), power(theirs), rtol=0.15, atol=0.02 * float(power(theirs).max()))


@pytest.mark.parametrize("level", [0.05, 0.95])
@pytest.mark.parametrize("step", [Speckle(0.03, True, 1), SignalNoise(2e-4, 0.005, 2), FilmGrain(0.01, 0.5, 0, 0, 3)])
def test_noise_follows_the_light_as_in_the_numpy_form(step: Any, level: float) -> None:
    photos = torch.full((1, 3, 200, 200), level)
    chosen = plans(photos, [step])
    assert_close(aged_on_device(photos, chosen).std(), by_numpy(photos, chosen).std(), rtol=0.05, atol=0)


def test_steps_of_a_plan_keep_their_order_though_photos_share_the_work() -> None:
    photos = torch.rand(4, 3, 50, 60)
    steps = [GaussianBlur(1.5), Fading((0.5, 0.6, 0.7), (0.3, 0.2, 0.1)), Vignette(0.9, 2, 0.4, 0.6), Yellowing(0.9)]
    small = LowResolution(1.7, 1.7, Interpolation.AREA, Interpolation.NEAREST)
    chosen = plans(photos, steps, steps[::-1], (), [steps[1], small, steps[0], steps[1], steps[0]])
    assert_close(aged_on_device(photos, chosen), by_numpy(photos, chosen), rtol=0, atol=ROUNDING)


def test_the_noise_of_a_photo_depends_on_its_own_seed_alone() -> None:
    photos = torch.full((3, 3, 32, 32), 0.5)
    silver, colour = FilmGrain(0.05, 0.5, 0.1, 0.0, 7), FilmGrain(0.05, 0.3, 0.0, 0.5, 8)
    together = aged_on_device(photos, plans(photos, [colour], [silver], [replace(silver, seed=9)]))
    alone = aged_on_device(photos[:1], plans(photos, [silver]))
    assert_close(together[1:2], alone, rtol=0, atol=1e-6)
    assert (together[2] - alone[0]).abs().mean() > 0.02
    assert torch.equal(alone, aged_on_device(photos[:1], plans(photos, [silver])))


def test_photos_given_to_age_stay_as_they_are() -> None:
    photos = torch.rand(2, 3, 16, 16)
    before = photos.clone()
    aged_on_device(photos, plans(photos, [Yellowing(1)], [Yellowing(0.5)]))
    assert torch.equal(photos, before)


def test_plans_that_do_not_fit_the_photos_are_refused() -> None:
    photos = torch.rand(2, 3, 16, 20)
    with pytest.raises(ValueError, match="1 plans for photos of"):
        aged_on_device(photos, plans(photos, ()))
    with pytest.raises(ValueError, match=r"\[\(20, 16\)\] \(height, width\) do not fit"):
        aged_on_device(photos, plans(photos.mT, (), ()))


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_cuda_device_ages_as_the_cpu_does_and_repeats_itself() -> None:
    steps = [next(iter(column)) for column in SAME if not isinstance(column[0], Jpeg | DoubleJpeg)]
    photos = torch.rand(len(steps) + len(ALIKE), 3, 96, 96)
    chosen = plans(photos, *([step] for step in (*steps, *ALIKE)))
    there = photos.cuda()
    aged = aged_on_device(there, chosen)
    assert aged.device == there.device
    assert torch.equal(aged, aged_on_device(there, chosen))
    same = slice(0, len(steps))
    assert_close(aged[same].cpu(), by_numpy(photos[same], chosen[same]), rtol=0, atol=10 * ROUNDING)
