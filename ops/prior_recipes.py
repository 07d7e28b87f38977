"""Deep Image Prior's part of the three recipes: its network and its fit.

Beside ``ops/recipes.py``, which puts them where they belong.
"""

from __future__ import annotations

from models.baselines.deep_image_prior import DeepImagePriorConfig
from ops.restorers.deep_image_prior import DeepImagePrior, FittingConfig


def _small_deep_image_prior(steps: int) -> DeepImagePrior:
    """A network of a quarter of the published width and fewer steps, so that it can be fitted without a GPU."""
    fitting = FittingConfig(
        steps=steps, learning_rate=0.01, perturbation=1 / 30, average_decay=0.95, stop=None, use_bfloat16=False
    )
    return DeepImagePrior(DeepImagePriorConfig(noise_channels=16, width=32, skip_channels=4, scales=4), fitting, seed=0)


PAPER_PRIOR = DeepImagePrior(
    DeepImagePriorConfig(noise_channels=32, width=128, skip_channels=4, scales=5),
    FittingConfig(
        steps=3000, learning_rate=0.01, perturbation=1 / 30, average_decay=0.99, stop=None, use_bfloat16=False
    ),
    seed=0,
)
STANDARD_PRIOR = _small_deep_image_prior(steps=150)
SMOKE_PRIOR = _small_deep_image_prior(steps=120)
