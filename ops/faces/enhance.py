"""The face stage: every face found, aligned, enhanced, and laid back only if it is still the same face.

The enhancer is any function from aligned faces to aligned faces; here stands what protects a person's face from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import torch
from torch import Tensor

from models.face_finder import FaceFinder
from ops.faces.align import Affine, align, alignment, feather, share_outside
from ops.faces.blend import blend, change_of, lost_grain
from ops.faces.find import Face, find_faces
from ops.faces.second_look import compare_faces, is_confirmed
from ops.faces.settings import FaceSettings

Enhancer = Callable[[Tensor], Tensor]
"""Aligned degraded faces (N, 3, S, S) in [0, 1] to enhanced ones, same shape and range."""


class Outcome(StrEnum):
    """What became of one face."""

    ENHANCED = "enhanced"
    TOO_SMALL = "left: too small"
    AT_THE_BORDER = "left: cut by the border"
    DOUBTFUL = "left: perhaps not a face"
    CHANGED = "left: the enhancement would have changed the face"


@dataclass(frozen=True)
class FaceRecord:
    """One face for provenance and review; lengths in pixels of the photo. NaN where it was not measured.

    Attributes:
        x: centre of the face.
        y: centre of the face.
        eye_distance_px: between the eyes.
        score: how sure the finder was.
        outcome: what was done.
        landmark_shift: mean move of the landmarks, in eye distances.
        structure_distance: see the function of this name.
    """

    x: float
    y: float
    eye_distance_px: float
    score: float
    outcome: str
    landmark_shift: float
    structure_distance: float

    def facts(self) -> dict[str, float | str]:
        """The record as JSON-able values."""
        return asdict(self)


@dataclass(frozen=True)
class EnhancedFaces:
    """``restored`` (1, 3, H, W) in [0, 1] and one record a face; without records it is the very photo that came."""

    restored: Tensor
    records: tuple[FaceRecord, ...]


@dataclass(frozen=True)
class _Aligned:
    """A face on its way: where it is, its canvas (1, 3, S, S), and what speaks against touching it."""

    face: Face
    affine: Affine
    canvas: Tensor
    objection: Outcome | None


@torch.inference_mode()
def enhance_faces(photo: Tensor, finder: FaceFinder, enhancer: Enhancer, settings: FaceSettings) -> EnhancedFaces:
    """Enhance the faces of ``photo`` (1, 3, H, W) in [0, 1], which the network before has restored."""
    if not 0 <= settings.strength <= 1:
        raise ValueError(
            f"the strength for faces lies between 0 (leave) and 1 (enhance fully), got {settings.strength}"
        )
    if settings.strength == 0:
        return EnhancedFaces(photo, ())
    faces = find_faces(finder, photo, settings.search)
    found = [_aligned(photo, face, finder, settings) for face in faces]
    usable = [one for one in found if one.objection is None]
    after = iter(_in_batches([one.canvas for one in usable], enhancer, settings.batch_size))
    restored, records = photo, []
    for one in found:
        if one.objection is not None:
            records.append(_record(one, one.objection, float("nan"), float("nan")))
            continue
        enhanced = next(after)
        shift, distance = compare_faces(finder, one.canvas, enhanced)
        is_same = shift <= settings.max_shift and distance <= settings.max_structure_distance  # False for NaN
        if is_same:
            restored = _laid_back(restored, one, enhanced, settings.strength)
        records.append(_record(one, Outcome.ENHANCED if is_same else Outcome.CHANGED, shift, distance))
    return EnhancedFaces(restored, tuple(records))


def _aligned(photo: Tensor, face: Face, finder: FaceFinder, settings: FaceSettings) -> _Aligned:
    affine = alignment(face.landmarks, settings.canvas_px)
    canvas = align(photo, affine, settings.canvas_px)
    objection = None
    if face.eye_distance_px < settings.min_eye_distance_px:
        objection = Outcome.TOO_SMALL
    elif share_outside(affine, settings.canvas_px, *photo.shape[-2:]) > settings.max_outside:
        objection = Outcome.AT_THE_BORDER
    elif not settings.is_plausible(face) or not is_confirmed(finder, canvas, settings):
        objection = Outcome.DOUBTFUL
    return _Aligned(face, affine, canvas, objection)


def _in_batches(canvases: Sequence[Tensor], enhancer: Enhancer, size: int) -> list[Tensor]:
    """Every canvas (1, 3, S, S) through the enhancer, ``size`` at a time."""
    enhanced: list[Tensor] = []
    for start in range(0, len(canvases), size):
        enhanced += enhancer(torch.cat(list(canvases[start : start + size]))).split(1)
    return enhanced


def _laid_back(photo: Tensor, one: _Aligned, enhanced: Tensor, strength: float) -> Tensor:
    surroundings = (feather(enhanced.shape[-1]) == 0).float()
    grain = lost_grain(one.canvas, enhanced, surroundings)
    x, y = one.face.centre
    return blend(photo, change_of(one.canvas, enhanced), one.affine, strength, grain, seed=round(x) * 65_537 + round(y))


def _record(one: _Aligned, outcome: Outcome, shift: float, distance: float) -> FaceRecord:
    face = one.face
    x, y = face.centre
    return FaceRecord(x, y, face.eye_distance_px, face.score, outcome.value, shift, distance)
