import numpy as np
import pytest

from ops.degradation.paint import Blend, Paint

PHOTO = np.full((4, 4, 3), 0.4, np.float32)
HALF = np.full((4, 4), 0.5, np.float32)


@pytest.mark.parametrize(
    ("blend", "whole"),
    [
        (Blend.ADD, 1.0),
        (Blend.LIGHTEN, 0.7),
        (Blend.SCREEN, 1 - 0.6 * 0.3),
        (Blend.MULTIPLY, 0.28),
        (Blend.SUBTRACT, 0.0),
        (Blend.COVER, 0.7),
    ],
)
def test_paint_goes_the_share_of_its_opacity_and_coverage_towards_its_blend(blend: Blend, whole: float) -> None:
    painted = Paint(blend, (0.7, 0.7, 0.7), 0.8).over(PHOTO, HALF)
    assert painted == pytest.approx(0.4 + 0.8 * 0.5 * (whole - 0.4), abs=1e-6)


@pytest.mark.parametrize("blend", list(Blend))
def test_paint_without_opacity_or_coverage_is_the_identity(blend: Blend) -> None:
    assert np.array_equal(Paint(blend, (0.7, 0.2, 0.1), 0.0).over(PHOTO, HALF), PHOTO)
    assert np.array_equal(Paint(blend, (0.7, 0.2, 0.1), 1.0).over(PHOTO, 0 * HALF), PHOTO)
