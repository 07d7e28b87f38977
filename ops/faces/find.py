"""Where the faces of a photo are: the cascade of three networks over a pyramid of sizes, and over a few turns."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from models.face_finder import INSPECTOR_PX, REFINER_PX, FaceFinder

Points = NDArray[np.float32]
"""(5, 2): x and y in pixels of left eye, right eye, nose, left and right mouth corner, as the viewer sees them."""

_WINDOW_PX = 12  # the proposer's receptive field
_STRIDE_PX = 2
_OVERLAP_OF_ONE_FACE = 0.4  # boxes from several turns of the photo that overlap more are the same face


@dataclass(frozen=True)
class Search:
    """How faces are looked for.

    Attributes:
        longest_px: larger photos are searched at this size.
        min_face_px: smallest face at that size.
        pyramid_step: each size of the pyramid is this much smaller than the one before.
        thresholds: least scores of proposer, refiner and inspector.
        turns: angles in degrees at which the photo is searched; the networks find faces turned by up to about 25.
    """

    longest_px: int = 1024
    min_face_px: int = 20
    pyramid_step: float = 0.709
    thresholds: tuple[float, float, float] = (0.6, 0.7, 0.9)
    turns: tuple[float, ...] = (0.0, 40.0, -40.0)


@dataclass(frozen=True)
class Face:
    """One face in pixels of the photo.

    Attributes:
        centre: of its box, x and y.
        size_px: side of a square with the area of its box.
        landmarks: see ``Points``.
        score: in [0, 1], how sure the finder is.
    """

    centre: tuple[float, float]
    size_px: float
    landmarks: Points
    score: float

    @property
    def eye_distance_px(self) -> float:
        """Between the eyes."""
        return float(np.linalg.norm(self.landmarks[1] - self.landmarks[0]))


@torch.inference_mode()
def find_faces(finder: FaceFinder, photo: Tensor, search: Search) -> tuple[Face, ...]:
    """Find the faces of ``photo`` (1, 3, H, W) in [0, 1], the surest first; an empty tuple if there are none."""
    height, width = photo.shape[-2:]
    scale = min(1.0, search.longest_px / max(height, width))
    small = _shrunk(photo, scale)
    found = [face for angle in search.turns for face in _found_at(finder, small, (height, width), scale, angle, search)]
    kept: list[Face] = []
    for face in sorted(found, key=lambda one: -one.score):
        if all(_overlap(face, other) < _OVERLAP_OF_ONE_FACE for other in kept):
            kept.append(face)
    return tuple(kept)


def _shrunk(photo: Tensor, scale: float) -> NDArray[np.float32]:
    """The photo (1, 3, H, W) as (h, w, 3), averaged plane by plane, so that a large photo is never copied whole."""
    height, width = photo.shape[-2:]
    size = (max(round(scale * width), 1), max(round(scale * height), 1))
    planes = [plane.numpy() for plane in photo[0]]
    if scale < 1:
        planes = [cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in planes]
    return np.stack(planes, axis=-1)


def _found_at(
    finder: FaceFinder,
    small: NDArray[np.float32],
    full_size: tuple[int, int],
    scale: float,
    angle: float,
    search: Search,
) -> list[Face]:
    """The faces in the photo of ``full_size``, of which ``small`` is shrunk by ``scale``, turned; in its own pixels."""
    height, width = full_size
    cosine, sine = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    wide, tall = round(scale * (width * cosine + height * sine)), round(scale * (width * sine + height * cosine))
    wide, tall = max(wide, 1), max(tall, 1)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    turn[:, 2] += (wide / 2 - width / 2, tall / 2 - height / 2)
    turned = small
    if angle != 0:
        local = turn @ np.diag([1 / scale, 1 / scale, 1.0])
        turned = cv2.warpAffine(small, local, (wide, tall), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    boxes, scores, landmarks = _cascade(finder, torch.from_numpy(turned).permute(2, 0, 1)[None], search)
    back = cv2.invertAffineTransform(turn)
    faces = []
    for box, score, points in zip(boxes.numpy(), scores.tolist(), landmarks.numpy(), strict=True):
        x, y = back @ ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, 1)
        if not (0 <= x < width and 0 <= y < height):  # a mirror image in the margins of the turned photo
            continue
        size = math.sqrt(max(0.0, float((box[2] - box[0]) * (box[3] - box[1])))) / scale
        upright = (points @ back[:, :2].T + back[:, 2]).astype(np.float32)
        faces.append(Face((float(x), float(y)), size, upright, score))
    return faces


def _cascade(finder: FaceFinder, photo: Tensor, search: Search) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes (M, 4) as left, top, right, bottom, scores (M,) and landmarks (M, 5, 2) in ``photo`` (1, 3, h, w)."""
    nothing = torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, 5, 2)
    boxes = _proposals(finder, photo, search)
    if not len(boxes):
        return nothing
    scores, correction = finder.refiner(_crops(photo, boxes, REFINER_PX))
    sure = scores > search.thresholds[1]
    boxes, scores, correction = boxes[sure], scores[sure], correction[sure]
    kept = _suppressed(boxes, scores, 0.7)
    boxes = _squares(_corrected(boxes[kept], correction[kept]))
    if not len(boxes):
        return nothing
    seen = finder.inspector(_crops(photo, boxes, INSPECTOR_PX))
    sure = seen.score > search.thresholds[2]
    boxes, scores = boxes[sure], seen.score[sure]
    sides = (boxes[:, 2:] - boxes[:, :2])[:, None]
    landmarks = boxes[:, None, :2] + seen.landmarks[sure] * sides
    boxes = _corrected(boxes, seen.correction[sure])
    kept = _suppressed(boxes, scores, 0.7, is_part_of=True)
    return boxes[kept], scores[kept], landmarks[kept]


def _proposals(finder: FaceFinder, photo: Tensor, search: Search) -> Tensor:
    """Square boxes (M, 4) that may hold a face, over all sizes."""
    height, width = photo.shape[-2:]
    scale, boxes, scores = _WINDOW_PX / search.min_face_px, [torch.zeros(0, 4)], [torch.zeros(0)]
    while min(height, width) * scale >= _WINDOW_PX:
        size = (math.ceil(height * scale), math.ceil(width * scale))
        score, correction = finder.proposer(F.interpolate(photo, size=size, mode="area"))
        row, column = (score[0] > search.thresholds[0]).nonzero(as_tuple=True)
        corner = torch.stack([column, row], dim=1) * _STRIDE_PX
        windows = torch.cat([corner, corner + _WINDOW_PX], dim=1) / scale
        kept = _suppressed(windows, score[0, row, column], 0.5)
        boxes.append(_corrected(windows, correction[0, :, row, column].T)[kept])
        scores.append(score[0, row, column][kept])
        scale *= search.pyramid_step
    every = torch.cat(boxes)
    return _squares(every[_suppressed(every, torch.cat(scores), 0.7)])


def _crops(photo: Tensor, boxes: Tensor, size_px: int) -> Tensor:
    """The boxes (M, 4) cut out of ``photo`` as (M, 3, size_px, size_px); black where a box leaves the photo."""
    height, width = photo.shape[-2:]
    crops = []
    for left, top, right, bottom in boxes.round().long().tolist():
        right, bottom = max(right, left + 1), max(bottom, top + 1)  # noqa: PLW2901
        inside = photo[..., max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        margins = (max(-left, 0), max(right - width, 0), max(-top, 0), max(bottom - height, 0))
        whole = F.pad(inside, margins) if inside.numel() else photo.new_zeros(1, 3, bottom - top, right - left)
        crops.append(F.interpolate(whole, size=(size_px, size_px), mode="area"))
    return torch.cat(crops)


def _corrected(boxes: Tensor, correction: Tensor) -> Tensor:
    """Move each side of the boxes (M, 4) by its share of the box's size."""
    sides = boxes[:, 2:] - boxes[:, :2]
    return boxes + correction * sides.repeat(1, 2)


def _squares(boxes: Tensor) -> Tensor:
    """Boxes (M, 4) grown to squares about their centres."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).amax(dim=1, keepdim=True) / 2
    return torch.cat([centres - half, centres + half], dim=1)


def _suppressed(boxes: Tensor, scores: Tensor, limit: float, *, is_part_of: bool = False) -> Tensor:
    """Indices of the boxes that no surer box overlaps by more than ``limit`` (of the union, or of the smaller box)."""
    order = scores.argsort(descending=True)
    areas = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(dim=1)
    kept = []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(best)
        low, high = torch.maximum(boxes[best, :2], boxes[rest, :2]), torch.minimum(boxes[best, 2:], boxes[rest, 2:])
        shared = (high - low).clamp(min=0).prod(dim=1)
        whole = torch.minimum(areas[best], areas[rest]) if is_part_of else areas[best] + areas[rest] - shared
        order = rest[shared <= limit * whole]
    return torch.stack(kept) if kept else torch.zeros(0, dtype=torch.long)


def _overlap(one: Face, other: Face) -> float:
    """Shared area of two faces, taken as squares, as a share of the smaller."""
    shared = 1.0
    for axis in (0, 1):
        low = max(one.centre[axis] - one.size_px / 2, other.centre[axis] - other.size_px / 2)
        high = min(one.centre[axis] + one.size_px / 2, other.centre[axis] + other.size_px / 2)
        shared *= max(0.0, high - low)
    return shared / max(1e-9, min(one.size_px, other.size_px) ** 2)
