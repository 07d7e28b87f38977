"""What a person may choose when launching a run: the scale, the seed, fewer steps."""

from enum import Enum
from typing import TYPE_CHECKING, Optional

import dagster as dg
from pydantic import Field

if TYPE_CHECKING:
    from ops.baseline_recipes import BaselineRecipes
    from ops.recipes import Recipe
    from pipelines.resources import ArchiveCopies


class Scale(Enum):
    """Which recipe of ``ops/recipes.py`` to follow."""

    SMOKE = "SMOKE"
    STANDARD = "STANDARD"
    PAPER = "PAPER"

    @property
    def recipe(self) -> "Recipe":
        """The complete recipe of this scale."""
        from ops import recipes

        return {Scale.SMOKE: recipes.SMOKE, Scale.STANDARD: recipes.STANDARD, Scale.PAPER: recipes.PAPER}[self]

    @property
    def baselines(self) -> "BaselineRecipes":
        """The recipes of the trained baselines at this scale."""
        from ops import baseline_recipes as known

        return {Scale.SMOKE: known.SMOKE, Scale.STANDARD: known.STANDARD, Scale.PAPER: known.PAPER}[self]


class RunScale(dg.Config):
    """Launch form of every asset that depends on a recipe."""

    scale: Scale = Field(
        default=Scale.SMOKE, description="SMOKE: minutes on two cores. STANDARD: our weights. PAPER: the report's."
    )

    @property
    def recipe(self) -> "Recipe":
        """The chosen recipe."""
        return self.scale.recipe

    @property
    def baselines(self) -> "BaselineRecipes":
        """The chosen recipes of the trained baselines."""
        return self.scale.baselines


class CopyWish(dg.Config):
    """Launch form of a restored shard: copies beside the results, where it should differ from the settings."""

    access_px: Optional[int] = Field(  # noqa: UP045 (Dagster 1.13 resolves Optional, not the bar)
        default=None, ge=0, description="Longest side of access copies (JPEG, sRGB); 0: none. Unset: as the settings."
    )
    sheets: Optional[bool] = Field(  # noqa: UP045
        default=None, description="Review sheets: before, defects, after. Unset: as the settings say."
    )

    def over(self, settings: "ArchiveCopies") -> tuple[int, bool]:
        """The longest side of access copies and whether there are sheets: this form's word, else the settings'."""
        access_px = settings.access_px if self.access_px is None else self.access_px
        return access_px, settings.has_sheets if self.sheets is None else self.sheets
