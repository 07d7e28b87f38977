import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from models.feature_trunk import GradientPyramid
from ops.parts import WHOLE, Part
from ops.stages.vae import DomainBatch, VaeStage, train_clean_vae, train_degraded_vae
from tests.ops.stages.stage_recipes import SCHEDULE, VAE_RECIPE, FadedBlots, bench


def stage() -> VaeStage:
    return VaeStage(VAE_RECIPE, GradientPyramid())


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


class OldBlots:
    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> torch.Tensor:
        self.asked.append((step, size))
        return FadedBlots().batch(step + 1000, size, crop_px, part).degraded


def test_training_lowers_the_reconstruction_loss(tmp_path: Path) -> None:
    recipe = replace(
        VAE_RECIPE,
        network=replace(VAE_RECIPE.network, has_pixel_shortcut=False),
        schedule=replace(SCHEDULE, steps=90, learning_rate=0.01),
    )
    held_out = FadedBlots().batch(99, 2, 32)
    checkpoint = train_clean_vae(recipe, FadedBlots(), held_out.clean, {}, bench(tmp_path))
    _, terms = VaeStage(recipe, GradientPyramid()).losses(DomainBatch(held_out.clean, False), generator())
    assert checkpoint.history[-1]["l1"] < 0.8 * terms["l1"]


def test_the_photo_discriminator_joins_at_its_share_of_the_steps(tmp_path: Path) -> None:
    held_out = FadedBlots().batch(99, 2, 32).clean
    checkpoint = train_clean_vae(
        replace(VAE_RECIPE, latent_discriminator=None, schedule=replace(SCHEDULE, steps=50)),
        FadedBlots(), held_out, {}, bench(tmp_path),
    )  # fmt: skip
    joined = [{"adversarial", "discriminator"} <= row.keys() for row in checkpoint.history]
    assert [row["step"] for row in checkpoint.history] == [25, 50]
    assert joined == [False, True]


def test_half_of_every_batch_are_real_old_photos(tmp_path: Path) -> None:
    old = OldBlots()
    short = replace(VAE_RECIPE, schedule=replace(SCHEDULE, steps=3))
    train_degraded_vae(short, FadedBlots(), old, FadedBlots().batch(99, 1, 32).degraded, {}, bench(tmp_path))  # type: ignore[arg-type]
    assert old.asked == [(step, SCHEDULE.batch_size // 2) for step in range(3)]


def test_only_old_latents_feel_the_latent_discriminator() -> None:
    alone = replace(VAE_RECIPE.weights, l1=0, l2=0, perceptual=0, kl=0, latent_adversarial=1)
    training = VaeStage(replace(VAE_RECIPE, weights=alone), GradientPyramid())
    synthetic, old = (torch.rand(2, 3, 32, 32, requires_grad=True) for _ in range(2))
    loss, terms = training.losses(DomainBatch(synthetic, False, old), generator())
    loss.backward()
    assert terms["latent_adversarial"] > 0
    assert synthetic.grad is None or not synthetic.grad.any()
    assert old.grad is not None
    assert old.grad.any()


def test_without_old_photos_and_before_the_share_no_adversary_learns() -> None:
    training = stage()
    training.losses(DomainBatch(torch.rand(2, 3, 32, 32), False), generator())
    assert training.adversary_losses() is None


@pytest.mark.parametrize("is_judged", [False, True])
def test_bfloat16_changes_the_loss_by_less_than_a_hundredth(is_judged: bool) -> None:
    training, batch = stage(), DomainBatch(torch.rand(2, 3, 32, 32), is_judged, torch.rand(2, 3, 32, 32))
    exact, _ = training.losses(batch, generator())
    with torch.autocast("cpu", torch.bfloat16):
        rough, terms = training.losses(batch, generator())
    assert rough.dtype == torch.float32
    assert all(math.isfinite(term) for term in terms.values())
    assert_close(rough, exact, rtol=0.01, atol=0)
