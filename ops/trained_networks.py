"""The networks of finished trainings, put together as a recipe says."""

from __future__ import annotations

from ops.age import AgeRule
from ops.checkpoints import Checkpoint
from ops.detection.calibration import threshold_of
from ops.recipes import Recipe
from ops.releases import Networks, assemble, checkpoint_weights
from ops.stages.age import load_age
from ops.stages.tone import load_tone
from ops.tone import ToneRestorer


def trained_networks(
    recipe: Recipe,
    degraded_vae: Checkpoint,
    clean_vae: Checkpoint,
    inpainter: Checkpoint | None,
    mapping: Checkpoint,
    detector: Checkpoint,
) -> Networks:
    """Detector and translation as ``recipe`` uses them, from the checkpoints of their stages.

    Raises:
        ValueError: ``detector`` is not calibrated, or a checkpoint is not that of a network of ``recipe``.
    """
    weights = checkpoint_weights(degraded_vae, clean_vae, used_inpainter(recipe, inpainter), mapping, detector)
    return assemble(recipe.release_config(threshold_of(detector)), weights)


def used_inpainter(recipe: Recipe, inpainter: Checkpoint | None) -> Checkpoint | None:
    """The trained ``inpainter``; None at scales that begin with the first fill alone, whatever another one trained."""
    return None if recipe.inpainter is None else inpainter


def trained_tone(recipe: Recipe, tone: Checkpoint | None) -> ToneRestorer | None:
    """What takes the tone of photos back as ``recipe`` uses it; None at scales that leave it to the mapping."""
    if recipe.tone is None or tone is None:
        return None
    return ToneRestorer(load_tone(tone), recipe.least_sureness)


def trained_age(recipe: Recipe, age: Checkpoint | None) -> AgeRule | None:
    """What says which photos are sound as ``recipe`` uses it; None at scales that take none for sound."""
    if recipe.age is None or age is None:
        return None
    return AgeRule(load_age(age), recipe.least_aged_prob, recipe.telling_share)
