"""What restoring as released brings to damaged photos and does to photos that need nothing."""

from typing import TYPE_CHECKING

import dagster as dg

from ops.checkpoints import Checkpoint
from ops.corpora.records import HELD_OUT, VALIDATION, Corpus
from ops.pairs.sets import PairSet
from pipelines.resources import Tracking
from pipelines.run_config import RunScale

if TYPE_CHECKING:
    from ops.age import AgeRule
    from ops.recipes import Recipe
    from ops.restoration import PhotoRestorer
    from ops.tone import ToneRestorer

RELEASED = "as released"


@dg.asset(group_name="evaluation", code_version="1", kinds={"markdown"})
def pairs_as_released(
    context: dg.AssetExecutionContext,
    config: RunScale,
    degraded_pairs: PairSet,
    degraded_vae: Checkpoint,
    clean_vae: Checkpoint,
    inpainter: Checkpoint | None,
    latent_mapping: Checkpoint,
    tone_reader: Checkpoint | None,
    age_reader: Checkpoint | None,
    defect_detector: Checkpoint,
    tracking: Tracking,
) -> dg.MaterializeResult[str]:
    """Pairs that no training saw, restored as a user's photo would be: the gain, and the harm to their clean photos."""
    from ops.scores.as_released import restore_pairs, restored_pair_table

    trained = (degraded_vae, clean_vae, inpainter, latent_mapping, defect_detector)
    restorers = _restorers(config.recipe, tone_reader, age_reader, trained)
    splits, say = (VALIDATION, HELD_OUT), context.log.info
    results = {marks: restore_pairs(degraded_pairs, splits, each, say) for marks, each in restorers.items()}
    table = restored_pair_table(results)
    with tracking.run(context) as log:
        for number, pairs in enumerate(results.values()):
            log.scalars(number, {"gain": sum(one.gain for one in pairs) / len(pairs)})
    return dg.MaterializeResult(value=table, metadata={"table": dg.MetadataValue.md(table)})


@dg.asset(group_name="evaluation", code_version="1", kinds={"markdown"})
def clean_photos_left_alone(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    degraded_vae: Checkpoint,
    clean_vae: Checkpoint,
    inpainter: Checkpoint | None,
    latent_mapping: Checkpoint,
    tone_reader: Checkpoint | None,
    age_reader: Checkpoint | None,
    defect_detector: Checkpoint,
    tracking: Tracking,
) -> dg.MaterializeResult[str]:
    """Whole clean photos that no training saw, restored: how near they come back, and what false alarms did to them."""
    from ops.pictures import markdown_picture
    from ops.scores.left_alone import clean_photo_table, left_alone, restore_clean, worst_sheet

    trained = (degraded_vae, clean_vae, inpainter, latent_mapping, defect_detector)
    restorers = _restorers(config.recipe, tone_reader, age_reader, trained)
    photos = [photo for split in (VALIDATION, HELD_OUT) for photo in clean_photos.photos if photo.split == split]
    results = {marks: restore_clean(photos, each, context.log.info) for marks, each in restorers.items()}
    table, sheet = clean_photo_table(results), worst_sheet(results[RELEASED], restorers[RELEASED])
    with tracking.run(context) as log:
        for number, found in enumerate(results.values()):
            log.scalars(number, {"share_left_alone": left_alone(found) / len(found)})
    return dg.MaterializeResult(
        value=table,
        metadata={"table": dg.MetadataValue.md(table), "worst": dg.MetadataValue.md(markdown_picture(sheet, "worst"))},
    )


def _restorers(
    recipe: "Recipe",
    tone_reader: Checkpoint | None,
    age_reader: Checkpoint | None,
    trained: tuple[Checkpoint, Checkpoint, Checkpoint | None, Checkpoint, Checkpoint],
) -> dict[str, "PhotoRestorer"]:
    """By what they do, without faces, each doing more than the one before; fewer where the recipe has fewer rules."""
    from ops.detection.calibration import threshold_of
    from ops.detection.finder import DefectFinder
    from ops.restoration import PhotoRestorer
    from ops.trained_networks import trained_age, trained_networks, trained_tone

    networks, threshold, tile_px = trained_networks(recipe, *trained), threshold_of(trained[-1]), recipe.tiling.tile_px
    tone, age = trained_tone(recipe, tone_reader), trained_age(recipe, age_reader)
    rules: dict[str, tuple[float, tuple[float, ...], ToneRestorer | None, AgeRule | None]] = {}
    if recipe.sure or recipe.confirm:
        rules["wherever the detector says so"] = (0.0, (), None, None)
        rules["near something sure"] = (recipe.sure, (), None, None)
    if age is not None:
        rules["confirmed, however sound a photo looks"] = (recipe.sure, recipe.confirm, None, None)
    if tone is not None:
        rules["marks as released, tone left"] = (recipe.sure, recipe.confirm, None, age)
    rules[RELEASED] = (recipe.sure, recipe.confirm, tone, age)
    return {
        name: PhotoRestorer(
            DefectFinder(networks.detector, threshold, tile_px, sure=sure, confirm=confirm, margin_px=recipe.margin_px),
            networks.triplet,
            recipe.tiling,
            tone=toned_by,
            age=judged_by,
        )
        for name, (sure, confirm, toned_by, judged_by) in rules.items()
    }
