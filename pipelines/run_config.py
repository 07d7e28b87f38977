"""What a person may choose when launching a run: the scale, the seed, fewer steps."""

from enum import Enum
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

if TYPE_CHECKING:
    from ops.baseline_recipes import BaselineRecipes
    from ops.recipes import Recipe


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
