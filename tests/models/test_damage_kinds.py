from dataclasses import replace

import pytest
import torch

from models.damage_kinds import DamageKinds, DamageKindsConfig
from models.detector import DefectDetector, DetectorConfig

DETECTOR = DetectorConfig((4, 6, 8))
CONFIG = DamageKindsConfig(("scratch", "crack", "loss"), width=5)


def test_every_pixel_of_the_finest_map_gets_a_logit_of_each_kind() -> None:
    maps = DefectDetector(DETECTOR).eval().features(torch.rand(2, 3, 13, 30))
    assert DamageKinds(CONFIG, DETECTOR)(maps).shape == (2, 3, *maps[0].shape[-2:])


def test_it_sees_no_further_than_the_detector() -> None:
    detector, head = DefectDetector(DETECTOR).eval(), DamageKinds(replace(CONFIG, width=32), DETECTOR)
    photo = torch.rand(1, 3, 128, 128, requires_grad=True)
    head(detector.features(photo))[0, :, 64, 64].sum().backward()
    assert photo.grad is not None
    rows = photo.grad.abs().sum(dim=(0, 1, 3)).nonzero().flatten()
    assert 64 - int(rows.min()) <= detector.reach_px
    assert int(rows.max()) - 64 <= detector.reach_px


def test_a_detector_of_one_scale_has_nothing_to_read() -> None:
    with pytest.raises(ValueError, match="has none"):
        DamageKinds(CONFIG, DetectorConfig((4,)))
