from dataclasses import replace

import pytest

from models.blocks import Norm
from ops.checkpoints import Checkpoint
from ops.reconstruction import LIGHTS, measure_reconstruction, reconstruction_table
from ops.stages.vae import train_clean_vae
from ops.tracking import MemoryLog
from tests.ops.small_networks import VAE
from tests.ops.stages.stage_recipes import SCHEDULE, VAE_RECIPE, FadedBlots, bench

PUBLISHED = replace(VAE, norm=Norm.INSTANCE, has_pixel_shortcut=False)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Checkpoint]:
    schedule = replace(SCHEDULE, steps=40, learning_rate=0.01)
    shown = FadedBlots().batch(99, 1, 32).clean
    return {
        name: train_clean_vae(
            replace(VAE_RECIPE, network=network, schedule=schedule), FadedBlots(), shown, {},
            bench(tmp_path_factory.mktemp(name)),
        )
        for name, network in (("ours", VAE), ("published", PUBLISHED))
    }  # fmt: skip


def test_tone_survives_our_latent_and_not_the_published_one(checkpoints: dict[str, Checkpoint]) -> None:
    photos, log = FadedBlots().batch(7, 3, 32).clean, MemoryLog()
    ours, published = (measure_reconstruction(checkpoints[name], photos, log) for name in ("ours", "published"))
    assert ours.keys() == LIGHTS.keys()
    assert min(ours.values()) > 25
    assert max(published.values()) < 20


def test_every_light_is_logged_and_stands_in_the_table(checkpoints: dict[str, Checkpoint]) -> None:
    log = MemoryLog()
    decibels = measure_reconstruction(checkpoints["ours"], FadedBlots().batch(7, 1, 32).clean, log)
    assert log.curves["reconstruction_psnr.exposure_x0_6"] == [(40, decibels["exposure x0.6"])]
    assert f"| sepia tint | {decibels['sepia tint']:.2f} |" in reconstruction_table(decibels)
