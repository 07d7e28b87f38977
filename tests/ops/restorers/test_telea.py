import pytest
import torch
from torch.testing import assert_close

from ops.restorers.telea import Telea


@pytest.mark.parametrize("mask", [None, torch.zeros(1, 1, 20, 24)])
def test_without_a_defect_the_photo_is_what_it_was(mask: torch.Tensor | None) -> None:
    photo = torch.rand(1, 3, 20, 24)
    assert torch.equal(Telea()(photo, mask), photo)


def test_a_white_scratch_takes_the_colour_around_and_the_rest_stays_to_the_bit() -> None:
    clean = torch.tensor([0.2, 0.4, 0.6])[None, :, None, None].expand(1, 3, 32, 40)
    photo, mask = clean.clone(), torch.zeros(1, 1, 32, 40)
    photo[..., 10:13], mask[..., 10:13] = 1.0, 0.6
    restored = Telea()(photo, mask)
    assert_close(restored, clean, atol=2.5 / 255, rtol=0)
    assert torch.equal(restored.where(mask == 0, 0), photo.where(mask == 0, 0))
