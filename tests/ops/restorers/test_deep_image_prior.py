"""Deep Image Prior learns the photo before the noise, repeats itself exactly, and never looks under the mask."""

from dataclasses import replace

import pytest
import torch
from skimage import data
from torch import Tensor

from models.baselines.deep_image_prior import DeepImagePriorConfig
from ops.metrics import psnr
from ops.restorers.deep_image_prior import DeepImagePrior, FittingConfig, VarianceStop, fit
from ops.restorers.without_mask import WithoutMask

NET = DeepImagePriorConfig(noise_channels=8, width=16, skip_channels=4, scales=3)
FITTING = FittingConfig(
    steps=150, learning_rate=0.01, perturbation=1 / 30, average_decay=0.95, stop=None, use_bfloat16=False
)
RESTORER = DeepImagePrior(NET, FITTING, seed=0)
SHORT = replace(RESTORER, fitting=replace(FITTING, steps=3))


@pytest.fixture(scope="module")
def clean() -> Tensor:
    return torch.from_numpy(data.astronaut()[60:124, 200:270]).permute(2, 0, 1)[None].float() / 255


@pytest.fixture(scope="module")
def noisy(clean: Tensor) -> Tensor:
    return (clean + 50 / 255 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)


def test_the_fit_comes_closer_to_the_truth_than_the_noisy_photo_it_saw(clean: Tensor, noisy: Tensor) -> None:
    restored = RESTORER(noisy, None)
    assert psnr(restored, clean) > psnr(noisy, clean) + 4
    assert psnr(restored, clean) > psnr(restored, noisy)


def test_the_average_rises_above_the_noise_and_sinks_into_it_again() -> None:
    """At noise of 25 levels, as Ulyanov et al. (CVPR 2018, figures 2 and 3) show: who does not stop gets the noise."""
    clean = torch.from_numpy(data.astronaut()[80:112, 215:247]).permute(2, 0, 1)[None].float() / 255
    noise = 25 / 255 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    noisy = (clean + noise).clamp(0, 1)
    wide = replace(NET, width=32, scales=2)
    fitting = replace(FITTING, steps=600, learning_rate=0.02)
    averages = [
        state.average.clamp(0, 1) for state in fit(noisy, None, wide, fitting, torch.Generator().manual_seed(0))
    ]
    early, late = averages[200], averages[-1]
    assert psnr(early, clean) > psnr(noisy, clean) + 5
    assert psnr(early, clean) > psnr(early, noisy) + 5
    assert psnr(late, clean) < psnr(early, clean) - 2
    assert psnr(late, noisy) > psnr(late, clean)


def test_the_same_photo_is_restored_the_same(noisy: Tensor) -> None:
    first = SHORT(noisy, None)
    torch.rand(7)  # somebody else draws from the global generator
    assert torch.equal(SHORT(noisy, None), first)


def test_damaged_pixels_are_never_fitted(noisy: Tensor) -> None:
    mask = torch.zeros_like(noisy[:, :1])
    mask[..., 20:40, 10:30] = 1
    scribbled = torch.where(mask.bool(), 1 - noisy, noisy)
    assert torch.equal(SHORT(scribbled, mask), SHORT(noisy, mask))
    assert not torch.equal(SHORT(scribbled, None), SHORT(noisy, None))


@pytest.mark.parametrize("size", [(5, 9), (16, 33)])
def test_every_size_is_kept(size: tuple[int, int]) -> None:
    restored = SHORT(torch.rand(1, 3, *size), None)
    assert restored.shape == (1, 3, *size)
    assert 0 <= restored.min() <= restored.max() <= 1


def test_the_loss_is_the_mean_square_over_intact_samples(noisy: Tensor) -> None:
    mask = (torch.rand(noisy[:, :1].shape, generator=torch.Generator().manual_seed(1)) > 0.7).float()
    step = next(fit(noisy, mask, NET, FITTING, torch.Generator().manual_seed(0)))
    intact = (mask == 0).expand_as(noisy)
    assert step.loss == pytest.approx(float((step.output - noisy)[intact].square().mean()), rel=1e-4)


def test_the_average_forgets_at_its_rate(noisy: Tensor) -> None:
    steps = fit(noisy, None, NET, FITTING, torch.Generator().manual_seed(0))
    first, second = next(steps), next(steps)
    assert torch.equal(first.average, first.output)
    torch.testing.assert_close(second.average, 0.95 * first.output + 0.05 * second.output)


def test_the_variance_rule_ends_the_search_and_returns_the_steadiest_average(noisy: Tensor) -> None:
    fitting = replace(FITTING, steps=60, stop=VarianceStop(window=5, patience=8))
    averages, outputs = [], []
    for state in fit(noisy, None, NET, fitting, torch.Generator().manual_seed(0)):
        averages.append(state.average)
        outputs.append(state.output)
    variances = [float(torch.stack(outputs[t - 4 : t + 1]).var(dim=0).sum()) for t in range(4, 60)]
    best = 0
    for t, variance in enumerate(variances):
        if variance < variances[best]:
            best = t
        elif t - best >= 8:
            break
    restored = DeepImagePrior(NET, fitting, seed=0)(noisy, None)
    torch.testing.assert_close(restored, averages[best + 4])


def test_a_mask_that_leaves_nothing_or_does_not_fit_is_refused(noisy: Tensor) -> None:
    with pytest.raises(ValueError, match="nothing is left"):
        SHORT(noisy, torch.ones_like(noisy[:, :1]))
    with pytest.raises(ValueError, match="sizes must agree"):
        SHORT(noisy, torch.zeros(1, 1, 8, 8))


def test_bfloat16_changes_little(noisy: Tensor) -> None:
    coarse = replace(SHORT, fitting=replace(SHORT.fitting, use_bfloat16=True))
    assert (coarse(noisy, None) - SHORT(noisy, None)).abs().mean() < 0.02


def test_without_its_mask_the_scribble_is_fitted_as_well(noisy: Tensor) -> None:
    mask = torch.zeros_like(noisy[:, :1])
    mask[..., 20:40, 10:30] = 1
    assert torch.equal(WithoutMask(SHORT)(noisy, mask), SHORT(noisy, None))
