"""The trained networks, in the order in which they need each other."""

import dagster as dg

from ops.checkpoints import Checkpoint
from ops.corpora.records import Corpus
from ops.pair_sets import PairSet
from pipelines.resources import Compute, Home, Tracking
from pipelines.run_config import RunScale


@dg.asset(group_name="training", code_version="1", kinds={"pytorch", "mlflow"})
def clean_vae(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[Checkpoint]:
    """VAE2: reconstructs undamaged photos; its decoder paints every restored one."""
    from ops.pairs import held_out_sample, training_pairs
    from ops.stages.vae import train_clean_vae

    recipe = config.recipe.clean_vae
    source = training_pairs(degraded_pairs, clean_photos, textures, config.recipe.dataset)
    shown, facts = held_out_sample(degraded_pairs).clean, _facts(config, degraded_pairs)
    with tracking.bench(context, home, compute) as bench:
        return described_checkpoint(train_clean_vae(recipe, source, shown, facts, bench))


@dg.asset(group_name="training", code_version="1", kinds={"pytorch", "mlflow"})
def degraded_vae(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    old_photos: Corpus,
    degraded_pairs: PairSet,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[Checkpoint]:
    """VAE1: puts real old and synthetically degraded photos into one latent space."""
    from ops.pairs import held_out_sample, old_crops, training_pairs
    from ops.stages.vae import train_degraded_vae

    recipe = config.recipe.degraded_vae
    source = training_pairs(degraded_pairs, clean_photos, textures, config.recipe.dataset)
    old = old_crops(old_photos, recipe.schedule.crop_px, recipe.schedule.seed)
    shown = held_out_sample(degraded_pairs).degraded
    facts = {**_facts(config, degraded_pairs), "old photos": old_photos.sha256}
    with tracking.bench(context, home, compute) as bench:
        return described_checkpoint(train_degraded_vae(recipe, source, old, shown, facts, bench))


@dg.asset(group_name="training", code_version="1", kinds={"pytorch", "mlflow"})
def latent_mapping(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    degraded_vae: Checkpoint,
    clean_vae: Checkpoint,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[Checkpoint]:
    """The mapping from the latent of a degraded photo to that of the clean one, and the fidelity gate."""
    from ops.pairs import held_out_sample, training_pairs
    from ops.stages.mapping import train_mapping

    recipe = config.recipe.mapping
    source = training_pairs(degraded_pairs, clean_photos, textures, config.recipe.dataset)
    shown, facts = held_out_sample(degraded_pairs), _facts(config, degraded_pairs)
    with tracking.bench(context, home, compute) as bench:
        return described_checkpoint(train_mapping(recipe, degraded_vae, clean_vae, source, shown, facts, bench))


@dg.asset(group_name="training", code_version="1", kinds={"pytorch", "mlflow"})
def defect_detector(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[Checkpoint]:
    """The U-Net that finds scratches, cracks, holes and dust."""
    from ops.pairs import held_out_sample, training_pairs
    from ops.stages.detector import train_detector

    recipe = config.recipe.detector
    source = training_pairs(degraded_pairs, clean_photos, textures, config.recipe.dataset)
    shown, facts = held_out_sample(degraded_pairs), _facts(config, degraded_pairs)
    with tracking.bench(context, home, compute) as bench:
        return described_checkpoint(train_detector(recipe, source, shown, facts, bench))


def _facts(config: RunScale, pairs: PairSet) -> dict[str, str]:
    """What every training depends on beside its own recipe."""
    return {
        "scale": config.scale.value,
        "pairs": pairs.sha256,
        "degradation": pairs.recipe_version,
        "folder": pairs.folder.name,
    }


def described_checkpoint(checkpoint: Checkpoint) -> dg.MaterializeResult[Checkpoint]:
    """The checkpoint with its curves and what it does to a few held-out photos."""
    from ops.images import decode_rgb
    from ops.pictures import markdown_picture
    from ops.stages.curves import loss_curves

    curves, samples = loss_curves(checkpoint), (checkpoint.folder / "samples.png").read_bytes()
    return dg.MaterializeResult(
        value=checkpoint,
        data_version=dg.DataVersion(checkpoint.sha256),
        metadata={
            "steps": checkpoint.step,
            "sha256": checkpoint.sha256,
            "folder": dg.MetadataValue.path(checkpoint.folder),
            "losses": dg.MetadataValue.md(markdown_picture(decode_rgb(curves), "losses")),
            "samples": dg.MetadataValue.md(markdown_picture(decode_rgb(samples), "samples")),
        },
    )
