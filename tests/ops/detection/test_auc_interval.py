import pytest
import torch

from ops.detection import auc_interval as module
from ops.detection.auc_interval import auc_interval
from ops.metrics import roc_auc


def photos(count: int, shift: float) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    generator = torch.Generator().manual_seed(1)
    damaged = [torch.rand(300, generator=generator) < 0.2 for _ in range(count)]
    return [torch.randn(300, generator=generator) + shift * one for one in damaged], damaged


def test_the_interval_holds_the_area_and_narrows_with_more_photos() -> None:
    widths = []
    for count in (10, 160):
        logits, damaged = photos(count, 1.0)
        low, high = auc_interval(logits, damaged)
        assert low < roc_auc(torch.cat(logits), torch.cat(damaged).float()) < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_photos_that_are_all_alike_leave_no_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESAMPLES", 20)
    logits, damaged = photos(1, 1.0)
    low, high = auc_interval(logits * 4, damaged * 4)
    area = roc_auc(logits[0], damaged[0].float())
    assert (low, high) == (pytest.approx(area), pytest.approx(area))


def test_one_photo_that_is_missed_widens_it() -> None:
    logits, damaged = photos(20, 3.0)
    steady = auc_interval(logits, damaged)
    logits[0] = logits[0] - 6 * damaged[0]
    assert auc_interval(logits, damaged)[0] < steady[0] - 0.02


def test_it_needs_both_kinds_of_pixels() -> None:
    with pytest.raises(ValueError, match="all are of one kind"):
        auc_interval([torch.randn(5)], [torch.zeros(5, dtype=torch.bool)])
