"""Coverage, thickness and kind of drawn defects come out as they were drawn."""

import numpy as np
import pytest
import torch

from ops.reality.masks import defect_shapes, mask_statistics


def test_the_thickness_and_length_of_a_line_are_measured_to_a_pixel() -> None:
    mask = torch.zeros(1, 1, 100, 200)
    mask[..., 40:45, 20:170] = 1
    shapes = defect_shapes(mask)
    assert len(shapes) == 1
    assert shapes.loc[0, "thickness_px"] == pytest.approx(5, abs=1)
    assert shapes.loc[0, "length_px"] == pytest.approx(150, rel=0.05)


def test_coverage_counts_pixels_and_lines_are_told_from_specks() -> None:
    mask = torch.zeros(1, 1, 100, 100)
    mask[..., 10, 10:90] = 1
    mask[..., 50:55, 50:55] = 0.8
    found = mask_statistics(mask)
    assert found["coverage"] == pytest.approx((80 + 25) / 10_000)
    assert found["line share"] == 0.5
    assert found["line thickness"] == pytest.approx(1)
    assert found["speck size"] == pytest.approx(5)


def test_an_undamaged_photo_has_no_defects() -> None:
    found = mask_statistics(torch.zeros(1, 1, 64, 64))
    assert found["coverage"] == 0
    assert found["defects"] == 0
    assert np.isnan(found["line thickness"])
