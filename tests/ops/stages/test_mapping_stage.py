import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from models.feature_trunk import GradientPyramid
from models.vae import Vae
from ops.stages.mapping import MappingBatch, MappingStage, partly_clean, train_mapping
from ops.stages.vae import train_clean_vae, train_degraded_vae
from tests.ops.small_networks import VAE
from tests.ops.stages.stage_recipes import MAPPING_RECIPE, SCHEDULE, VAE_RECIPE, FadedBlots, bench


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_training_restores_what_it_was_shown(tmp_path: Path) -> None:
    pairs, work = FadedBlots(), bench(tmp_path)
    held_out = pairs.batch(99, 2, 32)
    brief = replace(VAE_RECIPE, schedule=replace(SCHEDULE, steps=2))
    degraded_vae = train_degraded_vae(brief, pairs, None, held_out.degraded, {}, work)
    clean_vae = train_clean_vae(replace(brief, latent_discriminator=None), pairs, held_out.clean, {}, work)
    checkpoint = train_mapping(
        replace(MAPPING_RECIPE, schedule=replace(SCHEDULE, steps=50)),
        degraded_vae, clean_vae, pairs, held_out, {}, work,
    )  # fmt: skip
    first, last = checkpoint.history
    assert last["restored_l1"] < 0.7 * first["restored_l1"]
    assert ("adversarial" in first, "adversarial" in last) == (False, True)


def test_a_mapping_for_another_latent_is_refused(tmp_path: Path) -> None:
    pairs, work = FadedBlots(), bench(tmp_path)
    held_out = pairs.batch(99, 1, 32)
    brief = replace(VAE_RECIPE, latent_discriminator=None, schedule=replace(SCHEDULE, steps=1))
    vae = train_clean_vae(brief, pairs, held_out.clean, {}, work)
    other = replace(MAPPING_RECIPE, network=replace(MAPPING_RECIPE.network, latent_channels=64))
    with pytest.raises(ValueError, match="48 latent channels, the mapping expects 64"):
        train_mapping(other, vae, vae, pairs, held_out, {}, work)


def test_the_autoencoders_stay_as_they_are() -> None:
    stage = MappingStage(MAPPING_RECIPE, Vae(VAE), Vae(VAE), GradientPyramid())
    stage.losses(MappingBatch(FadedBlots().batch(0, 2, 32), True), generator())[0].backward()
    assert all(parameter.grad is None for parameter in stage.network.degraded_vae.parameters())
    assert all(parameter.grad is None for parameter in stage.network.clean_vae.parameters())


@pytest.mark.parametrize("is_judged", [False, True])
def test_bfloat16_changes_the_loss_by_less_than_a_fiftieth(is_judged: bool) -> None:
    stage = MappingStage(MAPPING_RECIPE, Vae(VAE), Vae(VAE), GradientPyramid())
    batch = MappingBatch(FadedBlots().batch(0, 2, 32), is_judged)
    exact, _ = stage.losses(batch, generator())
    with torch.autocast("cpu", torch.bfloat16):
        rough, terms = stage.losses(batch, generator())
    assert rough.dtype == torch.float32
    assert all(math.isfinite(term) for term in terms.values())
    assert_close(rough, exact, rtol=0.02, atol=0)


def test_the_clean_share_of_a_batch_is_shown_undamaged() -> None:
    pairs = FadedBlots().batch(0, 4, 32)
    shown = partly_clean(pairs, 0.25)
    assert torch.equal(shown.degraded[0], pairs.clean[0])
    assert not shown.mask[0].any()
    assert torch.equal(shown.degraded[1:], pairs.degraded[1:])
    assert torch.equal(shown.mask[1:], pairs.mask[1:])
    assert torch.equal(shown.clean, pairs.clean)
