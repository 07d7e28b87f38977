from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.detector import DetectorConfig
from ops.checkpoints import Checkpoint
from ops.detection.annotation_records import AnnotatedPhoto, Annotations
from ops.detection.batches import DefectBatch
from ops.detection.calibration import threshold_of
from ops.detection.finishing import finish_detector
from ops.detection.truth import DefectTruth
from ops.detection.verdicts import JudgedPhoto
from ops.images import encode_png
from ops.pairs.windows import WindowShares
from ops.parts import WHOLE, Part
from ops.stages.detector import DetectorRecipe, DetectorStage, DetectorWeights, load_detector, train_detector
from tests.ops.stages.stage_recipes import SCHEDULE, FadedBlots, bench

RECIPE = DetectorRecipe(
    network=DetectorConfig((4, 6)),
    windows=WindowShares(clean=0.05, larger=0.0, varied=0.0),
    weights=DetectorWeights(focal=10, cross_entropy=1, gamma=2, max_balance=20),
    schedule=SCHEDULE,
    annotated_share=0.5,
    finetuning=replace(SCHEDULE, steps=4, steady_steps=2, learning_rate=1e-3),
    clean_alarms=0.005,
)


class LinedBlots:
    """Blots with a white line, which is the damage."""

    def batch(self, step: int, size: int, crop_px: int, part: Part = WHOLE) -> DefectBatch:
        pairs = FadedBlots().batch(step, size, crop_px, part)
        return DefectBatch(pairs.degraded, DefectTruth(pairs.mask, torch.ones_like(pairs.mask)))


SHOWN = LinedBlots().batch(99, 2, 32)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return train_detector(RECIPE, LinedBlots(), SHOWN, {}, bench(tmp_path_factory.mktemp("pretrained")))


def unseen() -> list[JudgedPhoto]:
    pairs = FadedBlots().batch(77, 3, 32)
    return [
        JudgedPhoto(photo[None], DefectTruth(mask[None], torch.ones_like(mask[None])), {}, (clean[None],))
        for photo, mask, clean in zip(pairs.degraded, pairs.mask, pairs.clean, strict=True)
    ]


def annotations(folder: Path) -> Annotations:
    batch = LinedBlots().batch(5, 1, 48)
    photo, mask = folder / "a.png", folder / "a.mask.png"
    photo.write_bytes(encode_png(batch.photo))
    mask.write_bytes(encode_png(batch.truth.damaged))
    return Annotations((AnnotatedPhoto("a", photo, mask, "0" * 64, "train", 1 / 48),), ())


def test_training_lowers_both_losses(pretrained: Checkpoint) -> None:
    _, untrained = DetectorStage(RECIPE).losses(SHOWN, torch.Generator())
    assert pretrained.history[-1]["focal"] < 0.9 * untrained["focal"]
    assert pretrained.history[-1]["cross_entropy"] < 0.9 * untrained["cross_entropy"]


def test_without_annotated_photos_the_pretrained_weights_pass_through_but_for_the_calibration(
    pretrained: Checkpoint, tmp_path: Path
) -> None:
    finished = finish_detector(
        RECIPE, pretrained, Annotations((), ()), LinedBlots(), unseen(), SHOWN, {}, bench(tmp_path)
    )
    before, after = load_detector(pretrained), load_detector(finished)
    scale, shift = (finished.facts["calibration"][name] for name in ("scale", "shift"))
    torch.testing.assert_close(after(SHOWN.photo), scale * before(SHOWN.photo) + shift, atol=1e-3, rtol=1e-3)
    assert finished.stage == "defect_detector"
    assert 0 < threshold_of(finished) < 1


def test_annotated_photos_move_the_weights_a_little(pretrained: Checkpoint, tmp_path: Path) -> None:
    finished = finish_detector(
        RECIPE, pretrained, annotations(tmp_path), LinedBlots(), unseen(), SHOWN, {}, bench(tmp_path)
    )
    assert finished.facts["pretrained"] == pretrained.sha256
    before, after = (load_detector(one).stem[0].weight for one in (pretrained, finished))
    assert 0 < float((after - before).detach().norm() / before.detach().norm()) < 0.1
