"""From the pretrained detector to the one of a release: fine-tuned if anybody annotated photos, then calibrated."""

from __future__ import annotations

from collections.abc import Sequence

from ops.checkpoints import Checkpoint
from ops.detection.annotation_records import Annotations
from ops.detection.annotations import AnnotatedCrops, MixedDefects
from ops.detection.batches import DefectBatch, DefectSource
from ops.detection.calibration import calibrate, calibrated
from ops.detection.verdicts import JudgedPhoto, verdicts_of
from ops.stages.detector import DetectorRecipe, finetune_detector, load_detector
from ops.training import Facts, Workbench


def finish_detector(
    recipe: DetectorRecipe,
    pretrained: Checkpoint,
    annotations: Annotations,
    synthetic: DefectSource,
    unseen: Sequence[JudgedPhoto],
    shown: DefectBatch,
    facts: Facts,
    bench: Workbench,
) -> Checkpoint:
    """Fine-tune on ``annotations`` mixed with ``synthetic`` damage, or pass on what there is; then calibrate.

    Args:
        recipe: of the detector.
        pretrained: what synthetic damage taught.
        annotations: photos that somebody marked; there may be none.
        synthetic: what stays mixed in, so that nothing is forgotten.
        unseen: photos that the detector never learned from, to calibrate it by.
        shown: pairs to show the work on.
        facts: what else decides the result.
        bench: where to work.
    """
    trained = pretrained
    if annotations.train:
        crops = AnnotatedCrops(annotations.train, recipe.finetuning.seed)
        mixed = MixedDefects(crops, synthetic, recipe.annotated_share)
        facts = {**facts, "annotated photos": annotations.train_sha256}
        trained = finetune_detector(recipe, pretrained, mixed, shown, facts, bench)
    else:
        bench.report("defect_detector: no annotated photos (ALBUMEN_ANNOTATED_PHOTOS), nothing to fine-tune on")
    calibration = calibrate(verdicts_of(load_detector(trained), unseen), recipe.clean_alarms)
    bench.report(
        f"defect_detector: threshold {calibration.threshold:.2f}, which marks {calibration.clean_alarms:.2%} of photos "
        "without structured damage"
    )
    return calibrated(trained, calibration, bench.root)
