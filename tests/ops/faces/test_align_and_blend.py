import numpy as np
import pytest
import torch
from torch.testing import assert_close

from ops.faces.align import CANONICAL, align, alignment, feather, lay_back, scale_of, share_outside, window_of, within
from ops.faces.blend import blend, change_of, lost_grain


def landmarks_at(x: float, y: float, side: float, degrees: float = 0.0) -> np.ndarray:
    """Canonical landmarks of a face about (x, y) whose canvas would have ``side`` pixels of the photo."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return ((CANONICAL - 0.5) * side @ turn.T + (x, y)).astype(np.float32)


def smooth_photo(height: int, width: int) -> torch.Tensor:
    y, x = torch.meshgrid(torch.linspace(0, 3, height), torch.linspace(0, 4, width), indexing="ij")
    return (0.5 + 0.2 * torch.stack([x.sin(), y.cos(), (x + y).sin()]))[None]


def test_alignment_undoes_turn_scale_and_shift() -> None:
    landmarks = landmarks_at(80, 60, side=50, degrees=33)
    affine = alignment(landmarks, 64)
    assert scale_of(affine) == pytest.approx(64 / 50, rel=1e-5)
    assert_close(landmarks @ affine[:, :2].T + affine[:, 2], (CANONICAL * 64).astype(np.float64), atol=1e-3, rtol=0)


def test_there_and_back_shows_the_same_photo() -> None:
    photo = smooth_photo(120, 160)
    affine = alignment(landmarks_at(80, 60, side=70, degrees=20), 96)
    canvas = align(photo, affine, 96)
    weight = lay_back(feather(96), affine, 120, 160)
    back = lay_back(canvas, affine, 120, 160)
    assert ((back - photo).abs() * (weight > 0.1)).max() < 0.01


@pytest.mark.parametrize(("x", "y", "side"), [(700, 400, 30), (30, 20, 90), (500, 500, 700)])
def test_a_face_is_cut_the_same_from_a_part_of_the_photo(x: float, y: float, side: float) -> None:
    photo = smooth_photo(900, 1100) + 0.1 * torch.rand(1, 3, 900, 1100)
    affine = alignment(landmarks_at(x, y, side, degrees=12), 64)
    left, top, right, bottom = window_of(affine, 64, 900, 1100)
    left, top = max(0, left - 20), max(0, top - 20)
    part = photo[..., top : bottom + 20, left : right + 20]
    assert_close(align(part, within(affine, left, top), 64), align(photo, affine, 64), atol=1e-5, rtol=0)


def test_a_face_in_the_middle_lies_inside_and_one_on_the_edge_half_outside() -> None:
    inside = alignment(landmarks_at(80, 60, side=60), 64)
    halved = alignment(landmarks_at(0, 60, side=60), 64)
    assert share_outside(inside, 64, 120, 160) == 0
    assert share_outside(halved, 64, 120, 160) == pytest.approx(0.5, abs=0.02)


def test_no_change_leaves_every_pixel() -> None:
    photo, face = torch.rand(1, 3, 50, 60), torch.rand(1, 3, 32, 32)
    change = change_of(face, face)
    assert torch.equal(blend(photo, change, alignment(landmarks_at(30, 25, 30), 32), 1.0, 0.0, seed=1), photo)


def test_the_change_ends_before_the_canvas_does() -> None:
    change = change_of(torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32))
    border = torch.cat([change[..., 0, :], change[..., -1, :], change[..., :, 0], change[..., :, -1]], dim=-1)
    assert border.abs().max() == 0
    assert change.abs().max() > 0.1


def test_a_changed_exposure_is_no_change() -> None:
    face = 0.2 + 0.3 * torch.rand(1, 3, 64, 64)
    assert change_of(face, face + 0.2).abs().max() < 1e-5


def test_half_the_strength_is_half_the_change() -> None:
    photo = smooth_photo(50, 60)
    change = 0.1 * change_of(torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32))
    affine = alignment(landmarks_at(30, 25, 30), 32)
    whole, half = (blend(photo, change, affine, strength, 0.0, seed=1) - photo for strength in (1.0, 0.5))
    assert_close(half, whole / 2, atol=1e-6, rtol=0)


def test_a_smoothed_face_is_given_back_the_grain_it_had() -> None:
    grain = 0.05 * torch.randn(1, 1, 64, 64)
    grainy, smooth = (0.5 + grain).expand(1, 3, -1, -1), torch.full((1, 3, 64, 64), 0.5)
    around = (feather(64) == 0).float()
    assert lost_grain(grainy, smooth, around) == pytest.approx(0.05, rel=0.15)
    assert lost_grain(grainy, grainy, around) == 0
    assert lost_grain(smooth, grainy, around) == 0
