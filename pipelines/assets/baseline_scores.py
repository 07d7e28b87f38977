"""The report that holds every baseline; the main job's, in ``evaluation.py``, waits for none that is trained."""

import dagster as dg

from ops.checkpoints import Checkpoint
from ops.method_results import MethodResult
from ops.pair_sets import PairSet
from pipelines.resources import Home, MetricWeights, Tracking


@dg.asset(group_name="trained_baselines", code_version="1", kinds={"markdown"})
def baseline_scores(
    context: dg.AssetExecutionContext,
    degraded_pairs: PairSet,
    defect_detector: Checkpoint,
    triplet_translation: MethodResult,
    bm3d: MethodResult,
    deep_image_prior: MethodResult,
    stopped_deep_image_prior: MethodResult,
    unmasked_deep_image_prior: MethodResult,
    sequential: MethodResult,
    pix2pix: MethodResult,
    cyclegan: MethodResult,
    operation_attention: MethodResult,
    nafnet: MethodResult,
    home: Home,
    tracking: Tracking,
    metric_weights: MetricWeights,
) -> dg.MaterializeResult[dict[str, float]]:
    """The report of `scores` with every trained baseline in it, in a folder of its own."""
    from ops.pictures import markdown_picture
    from ops.score_report import write_score_report
    from ops.test_set import held_out_pairs

    pairs, folder = held_out_pairs(degraded_pairs, defect_detector), home.results / "baselines"
    untrained = [bm3d, deep_image_prior, stopped_deep_image_prior, unmasked_deep_image_prior]
    results = [triplet_translation, *untrained, sequential, pix2pix, cyclegan, operation_attention, nafnet]
    with tracking.run(context) as log:
        inception, say = metric_weights.inception_file, context.log.info
        report = write_score_report(pairs, degraded_pairs.sha256, results, folder, log, say, inception)
    return dg.MaterializeResult(
        value=report.gains,
        metadata={
            "table": dg.MetadataValue.md(report.table),
            "details": dg.MetadataValue.md(report.details),
            "comparison": dg.MetadataValue.md(markdown_picture(report.comparison, "comparison")),
            "report": dg.MetadataValue.path(report.folder / "evaluation.html"),
        },
    )
