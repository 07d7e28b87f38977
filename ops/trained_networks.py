"""The networks of finished trainings, put together as a recipe says."""

from __future__ import annotations

from ops.checkpoints import Checkpoint
from ops.detection.calibration import threshold_of
from ops.recipes import Recipe
from ops.releases import Networks, assemble, checkpoint_weights


def trained_networks(
    recipe: Recipe, degraded_vae: Checkpoint, clean_vae: Checkpoint, mapping: Checkpoint, detector: Checkpoint
) -> Networks:
    """Detector and translation as ``recipe`` uses them, from the checkpoints of their stages.

    Raises:
        ValueError: ``detector`` is not calibrated, or a checkpoint is not that of a network of ``recipe``.
    """
    weights = checkpoint_weights(degraded_vae, clean_vae, mapping, detector)
    return assemble(recipe.release_config(threshold_of(detector)), weights)
