"""Every trained baseline is given what ours is given."""

from dataclasses import fields

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from models.baselines.cyclegan import CycleGanGenerator
from models.baselines.nafnet import NafNet
from models.baselines.operation_attention import OperationAttentionNetwork
from models.baselines.pix2pix import Pix2PixGenerator
from models.mapping import LatentMapping
from models.vae import Vae
from ops import baseline_recipes, recipes
from ops.baseline_recipes import BaselineRecipes, budget_of
from ops.recipes import Recipe

SCALES = [
    (recipes.PAPER, baseline_recipes.PAPER),
    (recipes.STANDARD, baseline_recipes.STANDARD),
    (recipes.SMOKE, baseline_recipes.SMOKE),
]


@pytest.mark.parametrize(("ours", "baselines"), SCALES)
def test_every_method_sees_as_many_crops_as_ours_to_a_batch(ours: Recipe, baselines: BaselineRecipes) -> None:
    budget = budget_of(ours)
    trained = [field.name for field in fields(baselines) if hasattr(getattr(baselines, field.name), "schedule")]
    schedules = {name: getattr(baselines, name).schedule for name in trained}
    crops = {name: schedule.steps * schedule.batch_size for name, schedule in schedules.items()}
    crops["edge_connect"] += crops.pop("edge_model")  # one method in two models
    for name, seen in crops.items():
        assert abs(seen - budget.crops) <= 2 * schedules[name].batch_size, name
    assert {schedule.crop_px for schedule in schedules.values()} == {budget.crop_px}


SMOKE = baseline_recipes.SMOKE


@pytest.mark.parametrize(
    "network",
    [
        Pix2PixGenerator(SMOKE.pix2pix.network),
        CycleGanGenerator(SMOKE.cyclegan.network),
        OperationAttentionNetwork(SMOKE.operation_attention.network),
        NafNet(SMOKE.nafnet.network),
    ],
)
def test_at_smoke_no_network_computes_more_for_a_crop_than_ours(network: nn.Module) -> None:
    ours = recipes.SMOKE
    vae, mapping = Vae(ours.clean_vae.network), LatentMapping(ours.mapping.network)
    photo = torch.rand(1, 3, 64, 64)
    with torch.inference_mode(), FlopCounterMode(display=False) as theirs:
        network.eval()(photo)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        latent = vae.encode(photo).mean
        vae.decode(mapping(latent, torch.zeros(1, 1, *latent.shape[-2:])))
    assert theirs.get_total_flops() <= counter.get_total_flops()
