"""The trained baselines: each its network, trained on the pairs of ours, and its results on the held-out pairs.

Methods that need no training stand in ``baselines.py``.
"""

import dagster as dg

from ops.checkpoints import Checkpoint
from ops.corpora.records import Corpus
from ops.pairs.sets import PairSet, SharedCrops
from ops.scores.method_results import MethodResult
from pipelines.assets.grounds import baseline_grounds, pair_grounds
from pipelines.assets.method_runs import AFTER_TRAINING, scored
from pipelines.assets.training import described
from pipelines.resources import Compute, Home, Tracking
from pipelines.run_config import RunScale


@dg.asset(group_name="trained_baselines", code_version="1", kinds={"safetensors"}, op_tags=AFTER_TRAINING)
def shared_crops(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    home: Home,
    compute: Compute,
) -> dg.MaterializeResult[SharedCrops | None]:
    """The crops that all trained baselines learn from, made once; at larger scales each makes its own as it learns."""
    from ops.baseline_recipes import budget_of
    from ops.pairs.shared_crops import make_shared_crops

    if not config.baselines.shares_crops:
        return dg.MaterializeResult(value=None, metadata={"crops": "made anew for every baseline"})
    budget, grounds = budget_of(config.recipe), pair_grounds(config, clean_photos, textures, degraded_pairs, compute)
    made = make_shared_crops(grounds.source, budget, grounds.facts, home.pairs, context.log.info)
    return dg.MaterializeResult(value=made, metadata={"crops": made.num_crops, "folder": str(made.folder)})


@dg.asset(group_name="trained_baselines", code_version="1", kinds={"pytorch", "mlflow"}, op_tags=AFTER_TRAINING)
def pix2pix(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    shared_crops: SharedCrops | None,
    defect_detector: Checkpoint,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[MethodResult]:
    """Pix2pix: a U-Net with a conditional discriminator, trained on pairs."""
    from ops.stages.translation import load_pix2pix, train_pix2pix

    grounds = baseline_grounds(config, clean_photos, textures, degraded_pairs, shared_crops, compute)
    with tracking.bench(context, home, compute) as bench:
        checkpoint = train_pix2pix(config.baselines.pix2pix, grounds.source, grounds.shown, grounds.facts, bench)
    restorer = load_pix2pix(checkpoint)
    name, network = "pix2pix", restorer.network
    return scored(context, name, restorer, degraded_pairs, defect_detector, home, network, [checkpoint])


@dg.asset(group_name="trained_baselines", code_version="1", kinds={"pytorch", "mlflow"}, op_tags=AFTER_TRAINING)
def cyclegan(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    old_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    shared_crops: SharedCrops | None,
    defect_detector: Checkpoint,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[MethodResult]:
    """CycleGAN: two translators that learn from degraded photos, old ones too, and from other, clean ones."""
    from ops.pairs.sources import old_crops
    from ops.stages.translation import load_cyclegan, train_cyclegan

    recipe = config.baselines.cyclegan
    grounds = baseline_grounds(config, clean_photos, textures, degraded_pairs, shared_crops, compute)
    old = old_crops(old_photos, recipe.schedule.crop_px, recipe.schedule.seed)
    facts = {**grounds.facts, "old photos": old_photos.sha256}
    with tracking.bench(context, home, compute) as bench:
        checkpoint = train_cyclegan(recipe, grounds.source, old, grounds.shown, facts, bench)
    restorer = load_cyclegan(checkpoint)
    name, network = "CycleGAN", restorer.network
    return scored(context, name, restorer, degraded_pairs, defect_detector, home, network, [checkpoint])


@dg.asset(group_name="trained_baselines", code_version="1", kinds={"pytorch", "mlflow"}, op_tags=AFTER_TRAINING)
def operation_attention(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    shared_crops: SharedCrops | None,
    defect_detector: Checkpoint,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[MethodResult]:
    """Operation-wise attention: eight filters side by side, weighted anew for every tile."""
    from ops.stages.supervised import load_operation_attention, train_operation_attention

    recipe = config.baselines.operation_attention
    grounds = baseline_grounds(config, clean_photos, textures, degraded_pairs, shared_crops, compute)
    with tracking.bench(context, home, compute) as bench:
        checkpoint = train_operation_attention(recipe, grounds.source, grounds.shown, grounds.facts, bench)
    restorer = load_operation_attention(checkpoint)
    name, network = "operation-wise attention", restorer.network
    return scored(context, name, restorer, degraded_pairs, defect_detector, home, network, [checkpoint])


@dg.asset(group_name="trained_baselines", code_version="1", kinds={"pytorch", "mlflow"}, op_tags=AFTER_TRAINING)
def nafnet(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    shared_crops: SharedCrops | None,
    defect_detector: Checkpoint,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[MethodResult]:
    """NAFNet: a plain regressor of today, the same crops and the PSNR as its loss."""
    from ops.stages.supervised import load_nafnet, train_nafnet

    recipe = config.baselines.nafnet
    grounds = baseline_grounds(config, clean_photos, textures, degraded_pairs, shared_crops, compute)
    with tracking.bench(context, home, compute) as bench:
        checkpoint = train_nafnet(recipe, grounds.source, grounds.shown, grounds.facts, bench)
    restorer = load_nafnet(checkpoint)
    name, network = "NAFNet", restorer.network
    return scored(context, name, restorer, degraded_pairs, defect_detector, home, network, [checkpoint])


@dg.asset(group_name="trained_baselines", code_version="1", kinds={"pytorch", "mlflow"}, op_tags=AFTER_TRAINING)
def edge_model(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    shared_crops: SharedCrops | None,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[Checkpoint]:
    """EdgeConnect's first network: draws the edges that a hole has swallowed."""
    from ops.stages.edge_connect import train_edge_model

    grounds = baseline_grounds(config, clean_photos, textures, degraded_pairs, shared_crops, compute)
    with tracking.bench(context, home, compute) as bench:
        return described(
            train_edge_model(config.baselines.edge_model, grounds.source, grounds.shown, grounds.facts, bench)
        )


@dg.asset(group_name="trained_baselines", code_version="1", kinds={"pytorch", "mlflow"}, op_tags=AFTER_TRAINING)
def edge_connect(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    shared_crops: SharedCrops | None,
    edge_model: Checkpoint,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[Checkpoint]:
    """EdgeConnect's second network: paints the hole between the edges."""
    from ops.stages.edge_connect import train_completion

    recipe = config.baselines.edge_connect
    grounds = baseline_grounds(config, clean_photos, textures, degraded_pairs, shared_crops, compute)
    with tracking.bench(context, home, compute) as bench:
        return described(train_completion(recipe, edge_model, grounds.source, grounds.shown, grounds.facts, bench))


@dg.asset(group_name="trained_baselines", code_version="1", kinds={"pytorch"}, op_tags=AFTER_TRAINING)
def sequential(
    context: dg.AssetExecutionContext,
    config: RunScale,
    degraded_pairs: PairSet,
    edge_model: Checkpoint,
    edge_connect: Checkpoint,
    defect_detector: Checkpoint,
    home: Home,
) -> dg.MaterializeResult[MethodResult]:
    """BM3D, then EdgeConnect where the detector saw defects on the photo as it was: the report's Sequential."""
    from torch import nn

    from ops.restorers.sequential import Sequential
    from ops.stages.edge_connect import load_edge_connect

    inpaint = load_edge_connect(edge_model, edge_connect)
    networks = nn.ModuleList([inpaint.edge_model, inpaint.completion])
    restorer, training = Sequential(config.recipe.bm3d, inpaint), [edge_model, edge_connect]
    name = "BM3D then EdgeConnect"
    return scored(context, name, restorer, degraded_pairs, defect_detector, home, networks, training)
