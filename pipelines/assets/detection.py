"""The defect detector: trained on synthetic damage, fine-tuned on annotated photos, calibrated, judged."""

import os

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
    from ops.detection.batches import FreshDefects, validation_defects
    from ops.pairs.windows import fresh_windows
    from ops.stages.detector import train_detector

    recipe, dataset = config.recipe.detector, config.recipe.dataset
    source = FreshDefects(fresh_windows(clean_photos, textures, dataset, recipe.windows, compute.device))
    shown, facts = validation_defects(degraded_pairs), fresh_training_facts(config, degraded_pairs, compute)
    with tracking.bench(context, home, compute) as bench:
        return described(train_detector(recipe, source, shown, facts, bench))


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
    from ops.detection.batches import FreshDefects, validation_defects
    from ops.detection.finishing import finish_detector
    from ops.detection.verdicts import unseen_photos
    from ops.pairs.windows import fresh_windows

    recipe, dataset = config.recipe.detector, config.recipe.dataset
    synthetic = FreshDefects(fresh_windows(clean_photos, textures, dataset, recipe.windows, compute.device))
    unseen = unseen_photos(clean_photos, textures, dataset)
    shown, facts = validation_defects(degraded_pairs), fresh_training_facts(config, degraded_pairs, compute)
    with tracking.bench(context, home, compute) as bench:
        return described(
            finish_detector(
                recipe, pretrained_detector, annotated_photos, synthetic, unseen, shown, facts, bench
            )
        )  # fmt: skip


@dg.asset(group_name="training", code_version="1", kinds={"pytorch", "mlflow"})
def damage_kinds(
    context: dg.AssetExecutionContext,
    config: RunScale,
    clean_photos: Corpus,
    textures: Corpus,
    degraded_pairs: PairSet,
    defect_detector: Checkpoint,
    home: Home,
    tracking: Tracking,
    compute: Compute,
) -> dg.MaterializeResult[Checkpoint]:
    """What tells scratches, cracks, specks, stains, losses and worn edges apart, on the features of the detector."""
    from ops.detection.calibration import threshold_of
    from ops.detection.kind_batches import fresh_kinds
    from ops.detection.kind_report import report_kinds
    from ops.detection.verdicts import held_out_pairs
    from ops.images import encode_png
    from ops.pictures import markdown_picture
    from ops.stages.damage_kinds import load_damage_kinds, train_damage_kinds
    from ops.stages.detector import load_detector

    source = fresh_kinds(clean_photos, textures, config.recipe.dataset, compute.device)
    facts = fresh_training_facts(config, degraded_pairs, compute)
    with tracking.bench(context, home, compute) as bench:
        trained = train_damage_kinds(config.recipe.kinds, defect_detector, source, facts, bench)
        report = report_kinds(
            load_detector(defect_detector), load_damage_kinds(trained), held_out_pairs(degraded_pairs),
            threshold_of(defect_detector),
        )  # fmt: skip
        bench.log.scalars(trained.step, {f"right.{name}": share for name, share in report.numbers.items()})
        bench.show(trained, encode_png(report.sheet))
    return dg.MaterializeResult(
        value=trained,
        data_version=dg.DataVersion(trained.sha256),
        metadata={
            "table": dg.MetadataValue.md(report.table),
            "examples": dg.MetadataValue.md(markdown_picture(report.sheet, "kinds of damage")),
            **{f"told right, {name}": share for name, share in report.numbers.items()},
            "weights": dg.MetadataValue.path(trained.weights),
        },
    )


@dg.asset(group_name="evaluation", code_version="1", kinds={"parquet"})
def redrawn_pairs(
    context: dg.AssetExecutionContext, config: RunScale, clean_photos: Corpus, textures: Corpus, home: Home
) -> dg.MaterializeResult[PairSet]:
    """Held-out pairs drawn anew, four times as many as the test set: the detector's area, with less chance in it."""
    from ops.pairs.building import build_pair_set

    recipe = config.recipe.dataset.redrawn()
    num_workers = len(os.sched_getaffinity(0))
    pairs = build_pair_set(clean_photos, textures, recipe, home.pairs, context.log.info, num_workers)
    return dg.MaterializeResult(
        value=pairs,
        data_version=dg.DataVersion(pairs.sha256),
        metadata={"held-out pairs": pairs.num_held_out, "folder": dg.MetadataValue.path(pairs.folder)},
    )


@dg.asset(group_name="evaluation", code_version="2", kinds={"pytorch", "markdown"})
def detector_roc(
    context: dg.AssetExecutionContext,
    degraded_pairs: PairSet,
    redrawn_pairs: PairSet,
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
            degraded_pairs,
            redrawn_pairs,
            annotated_photos,
            pretrained_detector,
            defect_detector,
            home.results,
            log,
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
