import pytest
import torch
from torch.testing import assert_close

from ops.detection.mask_files import export_mask, grown, import_mask
from ops.images import PhotoError


def mask_with(share: float) -> torch.Tensor:
    mask = torch.zeros(1, 1, 10, 20)
    mask[..., : round(10 * share), :] = 1
    return mask


def test_a_mask_that_was_exported_comes_back() -> None:
    assert_close(import_mask(export_mask(mask_with(0.2)), 10, 20), mask_with(0.2))


def test_a_soft_mask_is_cut_at_mid_grey() -> None:
    soft = torch.tensor([[[[0.2, 0.4, 0.45, 0.8]]]])
    assert import_mask(export_mask(soft), 1, 4).flatten().tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("mask", "reason", "says"),
    [
        (torch.ones(1, 1, 20, 10), "mask-size", "10 x 20, its photo 20 x 10"),
        (mask_with(0.0), "mask-empty", "brightest pixel is 0 of 255"),
        (mask_with(0.2) / 255, "mask-empty", "brightest pixel is 1 of 255"),
        (1 - mask_with(0.2), "mask-polarity", "marks 80% of the photo"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused_with_its_reason(mask: torch.Tensor, reason: str, says: str) -> None:
    with pytest.raises(PhotoError, match=says) as refused:
        import_mask(export_mask(mask), 10, 20)
    assert refused.value.reason == reason


def test_a_grown_mask_reaches_as_far_as_it_says() -> None:
    mask = torch.zeros(1, 1, 7, 7)
    mask[..., 3, 3] = 1
    assert grown(mask, 2).sum() == 25
