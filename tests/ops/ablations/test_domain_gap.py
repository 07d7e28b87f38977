from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ops.ablations.domain_gap import GapCrops, frechet_distance, gap_plot, gap_table, measure_gap, sliced_wasserstein
from ops.images import decode_rgb
from ops.stages.vae import train_clean_vae
from tests.ops.stages.stage_recipes import SCHEDULE, VAE_RECIPE, FadedBlots, bench


def cells(num_cells: int, seed: int) -> torch.Tensor:
    return torch.randn(num_cells, 6, generator=torch.Generator().manual_seed(seed)).double()


def test_frechet_of_shifted_and_stretched_gaussians_is_the_known_number() -> None:
    one, other = cells(200_000, 0), 3 * cells(200_000, 1) + 2
    assert frechet_distance(one, other) == pytest.approx(2**2 + (3 - 1) ** 2, rel=0.02)


def test_sliced_wasserstein_of_a_shift_is_its_mean_component() -> None:
    shift = torch.tensor([1.0, 0, 0, 0, 0, 0]).double()
    expected = torch.randn(100_000, 6, generator=torch.Generator().manual_seed(3)).double()
    expected = (expected / expected.norm(dim=1, keepdim=True))[:, 0].abs().mean()
    assert sliced_wasserstein(cells(500, 0), cells(500, 0) + shift) == pytest.approx(float(expected), rel=0.1)


def test_both_distances_of_the_same_cells_are_zero() -> None:
    same = cells(300, 0)
    assert frechet_distance(same, same) == pytest.approx(0, abs=1e-9)
    assert sliced_wasserstein(same, same) == 0


def test_a_sliced_distance_needs_as_many_cells_on_both_sides() -> None:
    with pytest.raises(ValueError, match="as many cells on both sides"):
        sliced_wasserstein(cells(10, 0), cells(9, 0))


def test_photos_of_another_tone_lie_further_away_than_chance(tmp_path: Path) -> None:
    recipe = replace(VAE_RECIPE, schedule=replace(SCHEDULE, steps=2))
    blots = FadedBlots()
    vae = train_clean_vae(recipe, blots, blots.batch(99, 1, 32).clean, {}, bench(tmp_path))
    halves = [blots.batch(step, 24, 32).degraded for step in (0, 1, 2)]
    gap = measure_gap(vae, GapCrops(0.4 * halves[0], halves[1], halves[2]))
    assert gap.frechet > 5 * gap.frechet_by_chance
    assert gap.sliced > 2 * gap.sliced_by_chance
    assert f"| tiny | {gap.frechet:.4f} |" in gap_table({"tiny": gap}).markdown()
    assert decode_rgb(gap_plot({"tiny": gap, "same": gap})).shape[1] == 3
