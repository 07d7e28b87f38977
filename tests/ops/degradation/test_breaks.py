import numpy as np
import pytest

from ops.degradation.breaks import broken, lines_along
from ops.degradation.cracks import Crack, Craquelure, branched, jagged
from ops.degradation.folds import Fold
from ops.degradation.paint import Blend, Paint
from ops.degradation.pixels import Pixels, Plane

PAPER = Paint(Blend.COVER, (0.95, 0.93, 0.88), 1.0)


def grey(side: int = 160) -> Pixels:
    return np.full((side, side, 3), 0.35, np.float32)


def opened(photo: Pixels, level: float = 0.8) -> Plane:
    return photo[..., 0] > level


def test_the_nearest_line_is_as_far_as_it_was_drawn_and_as_wide() -> None:
    upright = np.array([[40.0, -5.0], [40.0, 200.0]])
    lines = lines_along([(upright, 3.0)], 100, 120)
    assert lines.distance_px[50] == pytest.approx(np.abs(np.arange(120) + 0.25 - 40), abs=0.6)
    assert lines.half_width_px == pytest.approx(1.5)


def test_lines_beside_the_photo_break_nothing() -> None:
    away = np.array([[500.0, 500.0], [600.0, 600.0]])
    assert np.array_equal(
        broken(grey(), lines_along([(away, 4.0)], 160, 160), PAPER, 0.0, np.random.default_rng(1)), grey()
    )


def test_a_fold_is_opaque_paper_of_uneven_width_with_a_darker_rim() -> None:
    folded = Fold(0.5, 0.5, np.pi / 2, 5.0, 0.9, 0.1, 0, PAPER, 3).apply(grey())
    widths = opened(folded).sum(axis=1)
    assert (widths > 0).mean() > 0.6
    assert 2 <= np.median(widths[widths > 0]) <= 8
    assert widths.std() > 0.7
    assert (folded[..., 0] < 0.27).any()


def test_a_fold_steps_in_tone_across_the_line() -> None:
    folded = Fold(0.5, 0.5, np.pi / 2, 2.0, 0.0, 0.2, 0, PAPER, 3).apply(grey())[..., 0]
    assert abs(float(np.median(folded[:, 70:75])) - float(np.median(folded[:, 85:90]))) > 4 / 255


def test_branches_fork_from_lines_and_are_thinner() -> None:
    rng = np.random.default_rng(5)
    trunk = jagged((10.0, 10.0), 0.6, 120.0, rng)
    paths = branched(trunk, 4.0, 120.0, 6, rng)
    assert len(paths) == 7
    for number, (points, width) in enumerate(paths[1:], start=1):
        older = np.vstack([line for line, _ in paths[:number]])
        assert np.linalg.norm(older - points[0], axis=1).min() == 0
        assert width < 4.0


def test_more_branches_open_more_paper() -> None:
    few, many = (opened(Crack(0.1, 0.1, 0.8, 1.0, 3.0, count, PAPER, 2).apply(grey())).sum() for count in (0, 12))
    assert many > 1.2 * few


def test_craquelure_is_a_net_that_stays_in_its_region() -> None:
    cracked = opened(Craquelure(0.5, 0.5, 0.35, 14.0, 2.0, PAPER, 2).apply(grey(240)), 0.6)
    assert cracked[60:180, 60:180].mean() > 0.05
    assert cracked[:10].mean() < 0.01
    rows, columns = cracked[80:160, 80:160].any(axis=1), cracked[80:160, 80:160].any(axis=0)
    assert rows.mean() > 0.9
    assert columns.mean() > 0.9
