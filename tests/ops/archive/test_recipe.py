from __future__ import annotations

from ops.archive.recipe import archive_recipe, software_versions
from ops.archive.review_rules import ReviewRules


def test_whatever_decides_a_result_changes_the_recipe() -> None:
    recipes = {
        archive_recipe("strength=1", ReviewRules(), is_signed=False),
        archive_recipe("strength=0.5", ReviewRules(), is_signed=False),
        archive_recipe("strength=1", ReviewRules(mean_change=0.2), is_signed=False),
        archive_recipe("strength=1", ReviewRules(), is_signed=True),
    }
    assert len(recipes) == 4
    assert all("encoding=" in recipe and "label=" in recipe for recipe in recipes)


def test_the_software_is_named_that_touches_the_numbers() -> None:
    versions = software_versions("cpu")
    assert {"torch", "numpy", "pillow", "imagecodecs", "tifffile", "python", "machine", "device"} <= versions.keys()
    assert all(versions.values())
