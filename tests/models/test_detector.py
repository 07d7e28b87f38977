import torch
from torch.testing import assert_close

from models.detector import DefectDetector, DetectorConfig


def test_logits_have_the_size_of_the_photo_whatever_it_is() -> None:
    detector = DefectDetector(DetectorConfig((4, 6, 8)))
    assert detector(torch.rand(2, 3, 13, 30)).shape == (2, 1, 13, 30)


def test_a_tile_with_enough_context_has_the_logits_of_the_whole_photo() -> None:
    detector = DefectDetector(DetectorConfig((4, 6, 8))).eval()
    photo = torch.rand(1, 3, 96, 96)
    whole, tile = detector(photo), detector(photo[..., :80, :80])
    assert_close(tile[..., :48, :48], whole[..., :48, :48])
