from dataclasses import fields

import pandas as pd
import pytest

from models.blocks import Norm
from ops.ablations.report import ablation_table
from ops.ablations.variants import ABLATIONS, OURS, PAPER_LIKE, ablation_named, shortened
from ops.recipes import PAPER, SMOKE, STANDARD, Recipe


@pytest.mark.parametrize("recipe", [SMOKE, STANDARD], ids=lambda recipe: recipe.name)
def test_every_ablation_changes_the_recipe_and_ours_does_not(recipe: Recipe) -> None:
    changed = [ablation.name for ablation in ABLATIONS if ablation.apply(recipe) != recipe]
    assert changed == [ablation.name for ablation in ABLATIONS if ablation.name != OURS]


def test_names_are_unique_and_fit_into_asset_names() -> None:
    slugs = [ablation.slug for ablation in ABLATIONS]
    assert len(set(slugs)) == len(slugs)
    assert all(slug.isidentifier() for slug in slugs)


def test_no_ablation_touches_data_detector_or_budget() -> None:
    for ablation in ABLATIONS:
        changed = ablation.apply(STANDARD)
        assert (changed.dataset, changed.detector) == (STANDARD.dataset, STANDARD.detector)
        for stage in ("degraded_vae", "clean_vae", "mapping"):
            assert getattr(changed, stage).schedule == getattr(STANDARD, stage).schedule


def test_paper_like_ours_has_the_papers_losses_and_switches_at_our_widths() -> None:
    changed = ablation_named(PAPER_LIKE).apply(STANDARD)
    assert changed.mapping.weights == PAPER.mapping.weights
    assert changed.mapping.gate is None
    for vae in (changed.degraded_vae.network, changed.clean_vae.network):
        assert (vae.norm, vae.has_pixel_shortcut) == (Norm.INSTANCE, False)
        assert vae.widths == STANDARD.clean_vae.network.widths


def test_a_shortened_recipe_keeps_everything_but_steps() -> None:
    tenth = shortened(STANDARD, 0.1)
    assert tenth.mapping.schedule.steps == STANDARD.mapping.schedule.steps // 10
    assert tenth.clean_vae.schedule.steady_steps == STANDARD.clean_vae.schedule.steady_steps // 10
    same = {field.name for field in fields(Recipe)} - {"degraded_vae", "clean_vae", "mapping"}
    assert all(getattr(tenth, name) == getattr(STANDARD, name) for name in same)
    with pytest.raises(ValueError, match="above 0 and at most 1, got 2"):
        shortened(STANDARD, 2)


def test_the_table_shows_the_difference_to_ours_of_the_same_photos() -> None:
    rows = [
        {"photo": photo, "method": method, "psnr": level + gain, "ssim": 0.5, "error": ""}
        for photo, level in (("a", 20.0), ("b", 30.0), ("c", 25.0))
        for method, gain in (("input", 0.0), (OURS, 2.0), ("no gate", 1.5))
    ]
    table, differences = ablation_table(pd.DataFrame(rows))
    assert differences == {"no gate": pytest.approx(-0.5)}
    assert "+1.50 [+1.50, +1.50] | -0.50 [-0.50, -0.50]" in table
    assert table.index("| ours |") < table.index("| no gate |")
