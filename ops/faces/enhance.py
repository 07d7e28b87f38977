"""The face stage: every face found, aligned, enhanced, and laid back only if it is still the same face.

The enhancer is any function from aligned faces to aligned faces; here stands what protects a person's face from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.face_finder import FaceFinder
from ops import large_tensors
from ops.faces.align import Affine, align, alignment, feather, share_outside, window_of, within
from ops.faces.blend import blend, change_of, lost_grain, size_of
from ops.faces.find import Face, find_faces
from ops.faces.records import FaceRecord, Outcome
from ops.faces.second_look import compare_faces, is_confirmed
from ops.faces.settings import FaceSettings

Enhancer = Callable[[Tensor], Tensor]
"""Aligned degraded faces (N, 3, S, S) in [0, 1] to enhanced ones, same shape and range."""


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
    """Enhance the faces of ``photo`` (1, 3, H, W) in [0, 1], which the network before has restored.

    A large photo is never copied in memory: it is searched shrunk, and of each face only its window is read.
    """
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
            records.append(_record(one, one.objection, None, None))
            continue
        enhanced = next(after)
        shift, distance = compare_faces(finder, one.canvas, enhanced)
        outcome = _judged(one.canvas, enhanced, shift, distance, settings)
        if outcome is Outcome.ENHANCED:
            restored = _copied(photo) if restored is photo else restored
            _lay_back(restored, one, enhanced, settings.strength)
        records.append(_record(one, outcome, _measured(shift), _measured(distance)))
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


def _judged(before: Tensor, after: Tensor, shift: float, distance: float, settings: FaceSettings) -> Outcome:
    """Whether ``after`` (1, 3, S, S) may and need replace ``before``."""
    if not (shift <= settings.max_shift and distance <= settings.max_structure_distance):  # NaN is a change, too
        return Outcome.CHANGED
    return Outcome.ENHANCED if size_of(change_of(before, after)) >= settings.min_change else Outcome.WHOLE


def _in_batches(canvases: Sequence[Tensor], enhancer: Enhancer, size: int) -> list[Tensor]:
    """Every canvas (1, 3, S, S) through the enhancer, ``size`` at a time."""
    enhanced: list[Tensor] = []
    for start in range(0, len(canvases), size):
        enhanced += enhancer(torch.cat(list(canvases[start : start + size]))).split(1)
    return enhanced


def _copied(photo: Tensor) -> Tensor:
    copy = large_tensors.zeros(*photo.shape)
    return copy.copy_(photo)


def _lay_back(restored: Tensor, one: _Aligned, enhanced: Tensor, strength: float) -> None:
    """Write the enhanced face into ``restored``."""
    surroundings = (feather(enhanced.shape[-1]) == 0).float()
    grain = lost_grain(one.canvas, enhanced, surroundings)
    x, y = one.face.centre
    left, top, right, bottom = window_of(one.affine, enhanced.shape[-1], *restored.shape[-2:])
    window, local = restored[..., top:bottom, left:right], within(one.affine, left, top)
    change, seed = change_of(one.canvas, enhanced), round(x) * 65_537 + round(y)
    window.copy_(blend(window, change, local, strength, grain, seed))


def _record(one: _Aligned, outcome: Outcome, shift: float | None, distance: float | None) -> FaceRecord:
    face = one.face
    x, y = face.centre
    return FaceRecord(x, y, face.eye_distance_px, face.score, outcome.value, shift, distance)


def _measured(value: float) -> float | None:
    return value if math.isfinite(value) else None
