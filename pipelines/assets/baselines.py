"""What ours has to beat: methods that need no training, on the same held-out pairs with the same detected masks."""

import dagster as dg

from ops.checkpoints import Checkpoint
from ops.method_results import MethodResult
from ops.pair_sets import PairSet
from pipelines.resources import Home
from pipelines.run_config import RunScale

AFTER_TRAINING = {"dagster/priority": "-1"}  # the networks that ours needs come first; baselines wait for a free core


@dg.asset(group_name="baselines", code_version="1", kinds={"pytorch"}, op_tags=AFTER_TRAINING)
def deep_image_prior(
    context: dg.AssetExecutionContext,
    config: RunScale,
    degraded_pairs: PairSet,
    defect_detector: Checkpoint,
    home: Home,
) -> dg.MaterializeResult[MethodResult]:
    """Deep Image Prior: an untrained network fitted to each photo outside its defects, stopped by a fixed rule."""
    from ops.method_results import run_method
    from ops.test_set import held_out_pairs

    pairs = held_out_pairs(degraded_pairs, defect_detector)
    restorer = config.recipe.deep_image_prior
    return _described(
        run_method("deep image prior", restorer, pairs, degraded_pairs.sha256, home.results, context.log.info)
    )


@dg.asset(group_name="baselines", code_version="1", kinds={"pytorch"}, op_tags=AFTER_TRAINING)
def bm3d(
    context: dg.AssetExecutionContext,
    config: RunScale,
    degraded_pairs: PairSet,
    defect_detector: Checkpoint,
    home: Home,
) -> dg.MaterializeResult[MethodResult]:
    """BM3D with blindly measured noise; it leaves scratches as they are."""
    from ops.method_results import run_method
    from ops.test_set import held_out_pairs

    pairs = held_out_pairs(degraded_pairs, defect_detector)
    return _described(
        run_method("BM3D", config.recipe.bm3d, pairs, degraded_pairs.sha256, home.results, context.log.info)
    )


@dg.asset(group_name="trained_baselines", code_version="1", kinds={"pytorch"}, op_tags=AFTER_TRAINING)
def stopped_deep_image_prior(
    context: dg.AssetExecutionContext,
    config: RunScale,
    degraded_pairs: PairSet,
    defect_detector: Checkpoint,
    home: Home,
) -> dg.MaterializeResult[MethodResult]:
    """Deep Image Prior, ended on each photo where its outputs vary least."""
    from ops.method_results import run_method
    from ops.test_set import held_out_pairs

    pairs, prior = held_out_pairs(degraded_pairs, defect_detector), config.baselines.stopped_prior
    name = "deep image prior stopped by variance"
    return _described(run_method(name, prior, pairs, degraded_pairs.sha256, home.results, context.log.info))


@dg.asset(group_name="trained_baselines", code_version="1", kinds={"pytorch"}, op_tags=AFTER_TRAINING)
def unmasked_deep_image_prior(
    context: dg.AssetExecutionContext,
    config: RunScale,
    degraded_pairs: PairSet,
    defect_detector: Checkpoint,
    home: Home,
) -> dg.MaterializeResult[MethodResult]:
    """Deep Image Prior as in the main job, but not told where the defects are."""
    from ops.method_results import run_method
    from ops.restorers.without_mask import WithoutMask
    from ops.test_set import held_out_pairs

    pairs, blind = held_out_pairs(degraded_pairs, defect_detector), WithoutMask(config.recipe.deep_image_prior)
    name = "deep image prior without mask"
    return _described(run_method(name, blind, pairs, degraded_pairs.sha256, home.results, context.log.info))


def _described(result: MethodResult) -> dg.MaterializeResult[MethodResult]:
    return dg.MaterializeResult(
        value=result, metadata={"file": dg.MetadataValue.path(result.path), "test set": result.test_set[:12]}
    )
