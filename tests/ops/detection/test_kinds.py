from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from models.damage_kinds import DamageKinds, DamageKindsConfig
from models.detector import DefectDetector, DetectorConfig
from ops.degradation.recipe import STANDARD_DEGRADATION
from ops.degradation.shapes import Shape
from ops.detection.kind_batches import FreshKinds
from ops.detection.kind_report import report_kinds
from ops.detection.kinds import KIND_OF, KINDS, Kind, kind_planes
from ops.detection.truth import DefectTruth
from ops.detection.verdicts import JudgedPhoto
from ops.losses import kind_cross_entropy
from ops.parts import Part
from tests.ops.pairs.test_building import corpus


def test_every_class_of_damage_but_scanned_textures_has_a_kind() -> None:
    assert set(KIND_OF) == set(Shape) - {Shape.TEXTURE}
    assert set(KIND_OF.values()) == set(Kind)


def test_where_classes_overlap_each_counts_by_its_mask() -> None:
    masks = {"hole": torch.tensor([[[[0.0, 0.5, 1.0]]]]), "dust": torch.tensor([[[[0.0, 0.5, 0.0]]]])}
    planes = kind_planes(masks | {"texture": torch.ones(1, 1, 1, 3)}, 1, 3)
    assert_close(planes[0, KINDS.index("loss"), 0], torch.tensor([0.0, 0.5, 1.0]))
    assert_close(planes[0, KINDS.index("speck"), 0], torch.tensor([0.0, 0.5, 0.0]))
    assert_close(planes.sum(dim=1)[0, 0], torch.tensor([0.0, 1.0, 1.0]))


def test_a_batch_names_kinds_only_where_damage_is_seen(tmp_path: Path) -> None:
    source = FreshKinds(corpus(tmp_path).train, (), STANDARD_DEGRADATION, seed=3)
    batch = source.batch(2, 4, 32)
    assert batch.kinds.shape == (4, len(KINDS), 32, 32)
    assert 0 < float((batch.kinds.sum(dim=1) > 0).float().mean()) < 0.5
    part = Part(1, 2)
    assert torch.equal(source.batch(2, 4, 32, part).kinds, part.of(batch.kinds))


def test_the_loss_is_that_of_the_right_kind_and_rare_kinds_weigh_more() -> None:
    kinds = torch.zeros(1, 2, 10, 10)
    kinds[:, 0, 0], kinds[:, 1, 1, 0] = 1, 1
    right = torch.where(kinds > 0, 20.0, 0.0)
    assert kind_cross_entropy(right, kinds) < 1e-6
    without_common, without_rare = right.clone(), right.clone()
    without_common[:, 0, 0, 0], without_rare[:, 1, 1, 0] = -20, -20
    assert kind_cross_entropy(without_rare, kinds) > 2 * kind_cross_entropy(without_common, kinds) > 0
    assert float(kind_cross_entropy(right, torch.zeros_like(kinds))) == 0


def test_the_report_counts_what_each_kind_is_taken_for() -> None:
    detector = DefectDetector(DetectorConfig((4, 6))).eval()
    head = DamageKinds(DamageKindsConfig(KINDS, width=4), detector.config)
    for parameter in head.parameters():
        torch.nn.init.zeros_(parameter)
    assert head.head.bias is not None
    head.head.bias.data[KINDS.index("loss")] = 1.0  # says loss everywhere
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., :4] = 1
    hole, dust = mask.clone(), mask.clone()
    hole[..., :12, :], dust[..., 12:, :] = 0, 0
    truth = DefectTruth(mask, torch.ones_like(mask))
    photo = JudgedPhoto(torch.rand(1, 3, 16, 16), truth, {"hole": hole, "dust": dust - hole.minimum(dust)}, ())
    report = report_kinds(detector, head, [photo], threshold=0.0)
    assert report.numbers["loss"] == 1
    assert report.numbers["all"] == report.numbers["found"]
    assert "| loss | 16 | 0.00 | 0.00 | 0.00 | 0.00 | 1.00 | 0.00 |" in report.table
    assert report.sheet.shape[:2] == (1, 3)


def test_photos_without_a_known_kind_cannot_be_reported() -> None:
    detector = DefectDetector(DetectorConfig((4, 6))).eval()
    head = DamageKinds(DamageKindsConfig(KINDS, width=4), detector.config)
    plane = torch.ones(1, 1, 16, 16)
    photo = JudgedPhoto(torch.rand(1, 3, 16, 16), DefectTruth(plane, plane), {"texture": plane}, ())
    with pytest.raises(ValueError, match="none of 1 photos"):
        report_kinds(detector, head, [photo], threshold=0.5)
