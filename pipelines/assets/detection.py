"""The defect detector: trained on synthetic damage, fine-tuned on annotated photos, calibrated, judged."""

import dagster as dg

from ops.checkpoints import Checkpoint
from ops.corpora.records import Corpus
from ops.detection.annotation_records import Annotations
from ops.pairs.sets import PairSet
from pipelines.assets.corpora import PhotoLocations
from pipelines.assets.grounds import fresh_training_facts
from pipelines.assets.training import described
from pipelines.resources import Compute, Home, Tracking
from pipelines.run_config import RunScale


@dg.asset(group_name="corpora", code_version="1", kinds={"png"})
def annotated_photos(
    context: dg.AssetExecutionContext, photos: PhotoLocations, home: Home
) -> dg.MaterializeResult[Annotations]:
    """Old photos with masks of their damage; none if no setting names any (ALBUMEN_ANNOTATED_PHOTOS)."""
    from ops.detection.annotations import read_annotations
    from ops.detection.report import annotation_sheet

    annotations = read_annotations(photos.annotated, home.cache, context.log.info)
    return dg.MaterializeResult(
        value=annotations,
        data_version=dg.DataVersion(annotations.sha256),
        metadata={
            "train": len(annotations.train),
            "held out": len(annotations.held_out),
            "refused": len(annotations.refused),
            "photos": dg.MetadataValue.md(annotation_sheet(annotations)),
        },
    )


@dg.asset(group_name="training", code_version="1", kinds={"pytorch", "mlflow"})
def pretrained_detector(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[Checkpoint]:
    """The U-Net that finds scratches, cracks, holes and dust, as far as synthetic damage teaches it."""
    from ops.detection.batches import fresh_defects, validation_defects
    from ops.stages.detector import train_detector

    source = fresh_defects(clean_photos, textures, config.recipe.dataset, compute.device)
    shown, facts = validation_defects(degraded_pairs), fresh_training_facts(config, degraded_pairs, compute)
    with tracking.bench(context, home, compute) as bench:
        return described(train_detector(config.recipe.detector, source, shown, facts, bench))


@dg.asset(group_name="training", code_version="2", kinds={"pytorch", "mlflow"})
def defect_detector(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    annotated_photos: Annotations,
    pretrained_detector: Checkpoint,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[Checkpoint]:
    """The detector of the release: fine-tuned where there are annotated photos, its probabilities calibrated."""
    from ops.detection.batches import fresh_defects, validation_defects
    from ops.detection.finishing import finish_detector
    from ops.detection.verdicts import unseen_photos

    synthetic = fresh_defects(clean_photos, textures, config.recipe.dataset, compute.device)
    unseen = unseen_photos(clean_photos, textures, config.recipe.dataset)
    shown, facts = validation_defects(degraded_pairs), fresh_training_facts(config, degraded_pairs, compute)
    with tracking.bench(context, home, compute) as bench:
        return described(
            finish_detector(
                config.recipe.detector, pretrained_detector, annotated_photos, synthetic, unseen, shown, facts, bench
            )
        )  # fmt: skip


@dg.asset(group_name="evaluation", code_version="1", kinds={"pytorch", "markdown"})
def detector_roc(
    context: dg.AssetExecutionContext,
    degraded_pairs: PairSet,
    annotated_photos: Annotations,
    pretrained_detector: Checkpoint,
    defect_detector: Checkpoint,
    home: Home,
    tracking: Tracking,
) -> dg.MaterializeResult[dict[str, float]]:
    """ROC, precision and recall, calibration and false alarms on held-out damage, before and after fine-tuning."""
    from ops.detection.report import write_detector_report
    from ops.images import decode_rgb
    from ops.pictures import markdown_picture

    with tracking.run(context) as log:
        report = write_detector_report(
            degraded_pairs, annotated_photos, pretrained_detector, defect_detector, home.results, log
        )
    pictures = {
        name: dg.MetadataValue.md(markdown_picture(decode_rgb(png), name)) for name, png in report.pictures.items()
    }
    return dg.MaterializeResult(
        value=dict(report.numbers),
        metadata={
            "table": dg.MetadataValue.md(report.table), "report": dg.MetadataValue.path(report.folder),
            **pictures, **report.numbers,
        },
    )  # fmt: skip
