"""What each part of the method is worth: one changed thing a training, scored beside ours; and the gap of domains.

Not part of `make demo`: `albumen ablations` runs them, with a share of the scale's steps if one is in a hurry.
"""

import dagster as dg
from pydantic import Field

from ops.ablations.variants import ABLATIONS, Ablation
from ops.checkpoints import Checkpoint
from ops.corpora.records import Corpus
from ops.pairs.sets import PairSet
from ops.scores.method_results import MethodResult
from pipelines.assets.grounds import pair_training_facts
from pipelines.resources import Compute, Home, Tracking
from pipelines.run_config import RunScale


class AblationRun(RunScale):
    """Launch form of the ablations; all of one table need the same values."""

    share: float = Field(default=1.0, gt=0, le=1, description="Part of the scale's steps that every ablation trains.")

    @property
    def folder(self) -> str:
        """Where below the results the tables of this budget lie."""
        return f"ablations/{self.scale.value}-{self.share:g}"


def _ablation_asset(ablation: Ablation) -> dg.AssetsDefinition:
    @dg.asset(
        name=f"ablation_{ablation.slug}",
        group_name="ablations",
        code_version="1",
        kinds={"pytorch", "mlflow"},
        description=f"Trained and scored with one change: {ablation.change}.",
    )
    def trained_and_scored(
        context: dg.AssetExecutionContext,
        config: AblationRun,
        clean_photos: Corpus,
        textures: Corpus,
        old_photos: Corpus,
        degraded_pairs: PairSet,
        inpainter: Checkpoint | None,
        defect_detector: Checkpoint,
        home: Home,
        tracking: Tracking,
        compute: Compute,
    ) -> dg.MaterializeResult[MethodResult]:
        """What ``description`` says, on the held-out pairs."""
        from ops.ablations.runs import ablation_data, train_ablation
        from ops.ablations.variants import shortened
        from ops.restorers.triplet import TripletRestorer
        from ops.scores.held_out import held_out
        from ops.scores.method_results import run_method

        recipe = shortened(ablation.apply(config.recipe), config.share)
        facts = pair_training_facts(config, degraded_pairs, compute)
        data = ablation_data(recipe, clean_photos, textures, old_photos, degraded_pairs, facts, compute.device)
        with tracking.bench(context, home, compute) as bench:
            network = train_ablation(ablation, recipe, data, inpainter, defect_detector, bench)
        test_set, folder = held_out(degraded_pairs, defect_detector), home.results / config.folder
        result = run_method(ablation.name, TripletRestorer(network), test_set, folder, context.log.debug)
        return dg.MaterializeResult(value=result, metadata={"file": dg.MetadataValue.path(result.path)})

    return trained_and_scored


_RESULT = dg.PythonObjectDagsterType(MethodResult, name="AblationResult")  # one type for the inputs of the table

ablation_assets = [_ablation_asset(ablation) for ablation in ABLATIONS]


@dg.asset(
    group_name="ablations",
    code_version="1",
    kinds={"markdown", "mlflow"},
    ins={ablation.slug: dg.AssetIn(f"ablation_{ablation.slug}", dagster_type=_RESULT) for ablation in ABLATIONS},
)
def ablation_table(
    context: dg.AssetExecutionContext,
    config: AblationRun,
    old_photos: Corpus,
    home: Home,
    tracking: Tracking,
    **results: MethodResult,
) -> dg.MaterializeResult[dict[str, float]]:
    """Every ablation beside ours on the same held-out pairs, with intervals of the paired differences."""
    from ops.ablations.report import write_ablation_report

    budget = f"{config.scale.value}, {config.share:.3g} of its steps, one seed"
    with tracking.run(context) as log:
        report = write_ablation_report(
            list(results.values()), budget, bool(old_photos.photos), home.results / config.folder, log
        )
    return dg.MaterializeResult(value=report.differences, metadata={"table": dg.MetadataValue.md(report.table)})


@dg.asset(group_name="ablations", code_version="1", kinds={"pytorch", "mlflow"})
def domain_gap(
    context: dg.AssetExecutionContext,
    config: AblationRun,
    clean_photos: Corpus,
    textures: Corpus,
    old_photos: Corpus,
    degraded_pairs: PairSet,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[str]:
    """Distance of the latents of real old and of synthetic photos: ours, no latent discriminator, no KL."""
    from ops.ablations.runs import ablation_data, report_domain_gap
    from ops.images import decode_rgb
    from ops.pictures import markdown_picture

    facts = pair_training_facts(config, degraded_pairs, compute)
    data = ablation_data(config.recipe, clean_photos, textures, old_photos, degraded_pairs, facts, compute.device)
    if data.old is None:
        message = "No real old photos are configured (ALBUMEN_OLD_PHOTOS), so there is no gap to measure."
        return dg.MaterializeResult(value=message, metadata={"distances": dg.MetadataValue.md(message)})
    with tracking.bench(context, home, compute) as bench:
        table, plot = report_domain_gap(config.recipe, config.share, data, data.old, bench)
    return dg.MaterializeResult(
        value=table,
        metadata={
            "distances": dg.MetadataValue.md(table),
            "latents": dg.MetadataValue.md(markdown_picture(decode_rgb(plot), "latents")),
        },
    )
