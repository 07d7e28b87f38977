"""From the pretrained detector to the one of a release: fine-tuned if anybody annotated photos, then calibrated."""

from __future__ import annotations

from ops.checkpoints import Checkpoint
from ops.corpora.records import VALIDATION, Corpus
from ops.detection.annotations import AnnotatedCrops, Annotations, MixedDefects
from ops.detection.batches import DefectBatch, FreshDefects
from ops.detection.calibration import calibrate, calibrated
from ops.detection.verdicts import calibration_photos, verdicts_of
from ops.pair_building import DatasetRecipe, scans_for
from ops.stages.detector import DetectorRecipe, finetune_detector, load_detector
from ops.training import Facts, Workbench

_CALIBRATION_PAIRS = 60


def finish_detector(
    recipe: DetectorRecipe,
    pretrained: Checkpoint,
    annotations: Annotations,
    synthetic: FreshDefects,
    clean: Corpus,
    textures: Corpus,
    dataset: DatasetRecipe,
    shown: DefectBatch,
    facts: Facts,
    bench: Workbench,
) -> Checkpoint:
    """Fine-tune on ``annotations`` mixed with ``synthetic`` damage, or pass on what there is; then calibrate.

    The calibration looks at photos of ``clean`` that the detector never learned from.
    """
    trained = pretrained
    if annotations.train:
        crops = AnnotatedCrops(annotations.train, recipe.finetuning.seed)
        mixed = MixedDefects(crops, synthetic, recipe.annotated_share)
        facts = {**facts, "annotated photos": annotations.sha256}
        trained = finetune_detector(recipe, pretrained, mixed, shown, facts, bench)
    else:
        bench.report("defect_detector: no annotated photos (ALBUMEN_ANNOTATED_PHOTOS), nothing to fine-tune on")
    kept = clean.validation or clean.train  # a handful of photos has to serve for both
    photos = calibration_photos(kept, dataset, scans_for(textures, VALIDATION), _CALIBRATION_PAIRS)
    calibration = calibrate(verdicts_of(load_detector(trained), photos), recipe.clean_alarms)
    bench.report(
        f"defect_detector: threshold {calibration.threshold:.2f}, which marks {calibration.clean_alarms:.2%} of photos "
        "without structured damage"
    )
    return calibrated(trained, calibration, bench.root)
