"""The trained networks, in the order in which they need each other."""

from collections.abc import Mapping

import dagster as dg

from ops.checkpoints import Checkpoint
from ops.corpora.records import Corpus
from ops.pairs.sets import PairSet
from pipelines.assets.grounds import fresh_training_facts, pair_grounds, window_grounds
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
    from ops.pairs.sources import held_out_clean
    from ops.reconstruction import measure_reconstruction
    from ops.stages.vae import train_clean_vae

    recipe = config.recipe.clean_vae
    grounds = pair_grounds(config, clean_photos, textures, degraded_pairs, compute)
    with tracking.bench(context, home, compute) as bench:
        checkpoint = train_clean_vae(recipe, grounds.source, grounds.shown.clean, grounds.facts, bench)
        decibels = measure_reconstruction(checkpoint, held_out_clean(degraded_pairs), bench.log)
    return described(checkpoint, decibels)


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
    from ops.pairs.sources import held_out_clean, old_crops
    from ops.reconstruction import measure_reconstruction
    from ops.stages.vae import train_degraded_vae

    recipe = config.recipe.degraded_vae
    grounds = pair_grounds(config, clean_photos, textures, degraded_pairs, compute)
    old = old_crops(old_photos, recipe.schedule.crop_px, recipe.schedule.seed)
    facts = {**grounds.facts, "old photos": old_photos.sha256}
    with tracking.bench(context, home, compute) as bench:
        checkpoint = train_degraded_vae(recipe, grounds.source, old, grounds.shown.degraded, facts, bench)
        decibels = measure_reconstruction(checkpoint, held_out_clean(degraded_pairs), bench.log)
    return described(checkpoint, decibels)


@dg.asset(group_name="training", code_version="1", kinds={"pytorch", "mlflow"})
def inpainter(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[Checkpoint | None]:
    """What paints the marks from what stands around them; none at scales that leave it to the networks behind."""
    from ops.inpainting.marked_windows import MarkedWindows, marked_validation
    from ops.pairs.windows import fresh_windows
    from ops.stages.inpainter import train_inpainter

    recipe, dataset = config.recipe.inpainter, config.recipe.dataset
    if recipe is None:
        return dg.MaterializeResult(value=None, metadata={"note": f"{config.recipe.name} has no inpainter"})
    windows = fresh_windows(clean_photos, textures, dataset, recipe.windows, compute.device)
    source, facts = MarkedWindows(windows, recipe.most_marks), fresh_training_facts(config, degraded_pairs, compute)
    with tracking.bench(context, home, compute) as bench:
        return _optional(train_inpainter(recipe, source, marked_validation(degraded_pairs), facts, bench))


@dg.asset(group_name="training", code_version="3", kinds={"pytorch", "mlflow"})
def latent_mapping(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    degraded_vae: Checkpoint,
    clean_vae: Checkpoint,
    inpainter: Checkpoint | None,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[Checkpoint]:
    """The mapping from the latent of a degraded photo to that of the clean one, and the fidelity gate."""
    from ops.stages.mapping import train_mapping
    from ops.trained_networks import used_inpainter

    recipe = config.recipe.mapping
    grounds = pair_grounds(config, clean_photos, textures, degraded_pairs, compute)
    painter = used_inpainter(config.recipe, inpainter)
    with tracking.bench(context, home, compute) as bench:
        checkpoint = train_mapping(
            recipe, degraded_vae, clean_vae, grounds.source, grounds.shown, grounds.facts, bench, painter
        )
    return described(checkpoint)


@dg.asset(group_name="training", code_version="1", kinds={"pytorch", "mlflow"})
def tone_reader(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[Checkpoint | None]:
    """What takes fading, yellowing and casts back by one curve a channel; none at scales that leave tone alone."""
    from ops.stages.tone import train_tone

    recipe = config.recipe.tone
    if recipe is None:
        return dg.MaterializeResult(value=None, metadata={"note": f"{config.recipe.name} leaves tone to the mapping"})
    grounds = window_grounds(config, clean_photos, textures, degraded_pairs, compute, recipe.windows)
    with tracking.bench(context, home, compute) as bench:
        return _optional(train_tone(recipe, grounds.windows, grounds.shown, grounds.facts, bench))


@dg.asset(group_name="training", code_version="1", kinds={"pytorch", "mlflow"})
def age_reader(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[Checkpoint | None]:
    """What says how aged a photo looks as a whole, so that a sound one is left as it is; none at scales without."""
    from ops.stages.age import train_age

    recipe = config.recipe.age
    if recipe is None:
        return dg.MaterializeResult(value=None, metadata={"note": f"{config.recipe.name} takes no photo for sound"})
    grounds = window_grounds(config, clean_photos, textures, degraded_pairs, compute, recipe.windows)
    with tracking.bench(context, home, compute) as bench:
        return _optional(train_age(recipe, grounds.windows, grounds.shown, grounds.facts, bench))


def _optional(checkpoint: Checkpoint) -> dg.MaterializeResult[Checkpoint | None]:
    """A checkpoint that other scales do without, as ``described``."""
    result = described(checkpoint)
    return dg.MaterializeResult(value=result.value, data_version=result.data_version, metadata=result.metadata)


def described(
    checkpoint: Checkpoint, reconstruction: Mapping[str, float] | None = None
) -> dg.MaterializeResult[Checkpoint]:
    """The checkpoint with its curves and what it does to a few validation photos; of an autoencoder also in numbers."""
    from ops.images import decode_rgb
    from ops.pictures import markdown_picture
    from ops.reconstruction import reconstruction_table
    from ops.stages.curves import loss_curves

    curves, samples = loss_curves(checkpoint), (checkpoint.folder / "samples.png").read_bytes()
    numbers = {} if reconstruction is None else {"tone": dg.MetadataValue.md(reconstruction_table(reconstruction))}
    return dg.MaterializeResult(
        value=checkpoint,
        data_version=dg.DataVersion(checkpoint.sha256),
        metadata={
            "steps": checkpoint.step,
            "sha256": checkpoint.sha256,
            "folder": dg.MetadataValue.path(checkpoint.folder),
            "losses": dg.MetadataValue.md(markdown_picture(decode_rgb(curves), "losses")),
            "samples": dg.MetadataValue.md(markdown_picture(decode_rgb(samples), "samples")),
            **numbers,
        },
    )
