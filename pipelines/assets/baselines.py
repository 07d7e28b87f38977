"""What ours has to beat: methods that need no training, on the same held-out pairs with the same detected masks."""

import dagster as dg

from ops.checkpoints import Checkpoint
from ops.pairs.sets import PairSet
from ops.scores.method_results import MethodResult
from pipelines.assets.method_runs import AFTER_TRAINING, scored
from pipelines.resources import Home
from pipelines.run_config import RunScale


@dg.asset(group_name="baselines", code_version="1", kinds={"pytorch"}, op_tags=AFTER_TRAINING)
def deep_image_prior(
    context: dg.AssetExecutionContext,
    config: RunScale,
    degraded_pairs: PairSet,
    defect_detector: Checkpoint,
    home: Home,
) -> dg.MaterializeResult[MethodResult]:
    """Deep Image Prior: an untrained network fitted to each photo outside its defects, stopped by a fixed rule."""
    prior = config.recipe.deep_image_prior
    return scored(context, "deep image prior", prior, degraded_pairs, defect_detector, home)


@dg.asset(group_name="baselines", code_version="1", kinds={"pytorch"}, op_tags=AFTER_TRAINING)
def bm3d(
    context: dg.AssetExecutionContext,
    config: RunScale,
    degraded_pairs: PairSet,
    defect_detector: Checkpoint,
    home: Home,
) -> dg.MaterializeResult[MethodResult]:
    """BM3D with blindly measured noise; it leaves scratches as they are."""
    return scored(context, "BM3D", config.recipe.bm3d, degraded_pairs, defect_detector, home)


@dg.asset(group_name="baselines", code_version="1", kinds={"opencv"}, op_tags=AFTER_TRAINING)
def telea(
    context: dg.AssetExecutionContext,
    degraded_pairs: PairSet,
    defect_detector: Checkpoint,
    home: Home,
) -> dg.MaterializeResult[MethodResult]:
    """OpenCV's inpainting under the detected mask: all that can be had without any training."""
    from ops.restorers.telea import Telea

    return scored(context, "Telea inpainting", Telea(), degraded_pairs, defect_detector, home)


@dg.asset(group_name="trained_baselines", code_version="1", kinds={"pytorch"}, op_tags=AFTER_TRAINING)
def stopped_deep_image_prior(
    context: dg.AssetExecutionContext,
    config: RunScale,
    degraded_pairs: PairSet,
    defect_detector: Checkpoint,
    home: Home,
) -> dg.MaterializeResult[MethodResult]:
    """Deep Image Prior, ended on each photo where its outputs vary least."""
    name, prior = "deep image prior stopped by variance", config.baselines.stopped_prior
    return scored(context, name, prior, degraded_pairs, defect_detector, home)


@dg.asset(group_name="trained_baselines", code_version="1", kinds={"pytorch"}, op_tags=AFTER_TRAINING)
def unmasked_deep_image_prior(
    context: dg.AssetExecutionContext,
    config: RunScale,
    degraded_pairs: PairSet,
    defect_detector: Checkpoint,
    home: Home,
) -> dg.MaterializeResult[MethodResult]:
    """Deep Image Prior as in the main job, but not told where the defects are."""
    from ops.restorers.without_mask import WithoutMask

    name, blind = "deep image prior without mask", WithoutMask(config.recipe.deep_image_prior)
    return scored(context, name, blind, degraded_pairs, defect_detector, home)
