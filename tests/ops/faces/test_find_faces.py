from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from models.face_finder import FaceFinder
from ops.faces.find import Search, find_faces
from ops.images import decode_rgb

UPRIGHT = Search(longest_px=512, turns=(0.0,))
SOLVAY = Path("../shared/data/old_real/solvay/Solvay_conference_1927.png")


def test_the_astronaut_is_found_with_her_eyes_where_they_are(finder: FaceFinder, portrait: Tensor) -> None:
    (face,) = find_faces(finder, portrait, UPRIGHT)
    left, right, nose = face.landmarks[:3]
    assert np.linalg.norm(left - (101, 52)) < 6
    assert np.linalg.norm(right - (122, 51)) < 6
    assert left[0] < nose[0] < right[0]
    assert face.score > 0.95


def test_a_photo_without_a_face_has_none(finder: FaceFinder) -> None:
    assert find_faces(finder, torch.full((1, 3, 90, 120), 0.5), UPRIGHT) == ()
    assert find_faces(finder, torch.rand(1, 3, 9, 14), UPRIGHT) == ()


@pytest.mark.parametrize("angle", [-40.0, 40.0])
def test_a_turned_face_is_found_once_and_its_landmarks_turn_with_it(
    finder: FaceFinder, portrait: Tensor, angle: float
) -> None:
    (upright,) = find_faces(finder, portrait, UPRIGHT)
    turn = cv2.getRotationMatrix2D(upright.centre, angle, 1.0)
    pixels = cv2.warpAffine(portrait[0].permute(1, 2, 0).numpy(), turn, (256, 256), borderMode=cv2.BORDER_REFLECT)
    turned = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    (face,) = find_faces(finder, turned, Search(longest_px=512))
    expected = upright.landmarks @ turn[:, :2].T + turn[:, 2]
    assert np.linalg.norm(face.landmarks - expected, axis=1).mean() < 0.25 * upright.eye_distance_px


def test_a_large_photo_is_searched_small_and_answers_in_its_own_pixels(finder: FaceFinder, portrait: Tensor) -> None:
    (small,) = find_faces(finder, portrait, UPRIGHT)
    large = portrait.repeat_interleave(4, -1).repeat_interleave(4, -2)
    (face,) = find_faces(finder, large, UPRIGHT)
    assert np.abs(face.landmarks / 4 - small.landmarks).max() < 3


@pytest.mark.shared
def test_the_solvay_conference_is_found_but_for_one_who_looks_away(finder: FaceFinder) -> None:
    if not SOLVAY.is_file():
        pytest.skip("../shared/data is not here")
    assert len(find_faces(finder, decode_rgb(SOLVAY.read_bytes()), Search(turns=(0.0,)))) >= 28
