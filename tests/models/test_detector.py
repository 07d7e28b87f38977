import torch
from torch.testing import assert_close

from models.detector import DefectDetector, DetectorConfig


def test_logits_have_the_size_of_the_photo_whatever_it_is() -> None:
    detector = DefectDetector(DetectorConfig((4, 6, 8)))
    assert detector(torch.rand(2, 3, 13, 30)).shape == (2, 1, 13, 30)


def test_a_tile_with_enough_context_has_the_logits_of_the_whole_photo() -> None:
    detector = DefectDetector(DetectorConfig((4, 6, 8))).eval()
    photo = torch.rand(1, 3, 128, 128)
    whole, tile = detector(photo), detector(photo[..., :112, :112])
    assert_close(tile[..., :64, :64], whole[..., :64, :64])


def test_an_untrained_detector_takes_damage_to_be_rare() -> None:
    assert DefectDetector(DetectorConfig((4, 6))).eval()(torch.rand(1, 3, 16, 16)).sigmoid().mean() < 0.2


def test_a_calibration_scales_and_shifts_every_logit() -> None:
    detector, photo = DefectDetector(DetectorConfig((4, 6))).eval(), torch.rand(1, 3, 16, 16)
    before = detector(photo)
    detector.recalibrate(scale=0.5, shift=-1.0)
    assert_close(detector(photo), before / 2 - 1)
