"""A close look at aligned faces: whether it is one, and whether two are still the same."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from models.face_finder import INSPECTOR_PX, FaceFinder, FaceInspector, Inspection
from ops.faces.align import CANONICAL, INSPECTED, inspector_crop
from ops.faces.settings import FaceSettings


def inspected(inspector: FaceInspector, faces: Tensor) -> Inspection:
    """What the inspector says of the aligned ``faces`` (N, 3, S, S) in [0, 1]; gradients pass through."""
    return inspector(inspector_crop(faces, INSPECTOR_PX))


@torch.inference_mode()
def is_confirmed(finder: FaceFinder, canvas: Tensor, settings: FaceSettings) -> bool:
    """Whether a second look, at the aligned face (1, 3, S, S), finds a face with its landmarks where they belong.

    Bark, wallpaper and a dog's nose that passed the first look fail here.
    """
    seen = inspected(finder.inspector, canvas)
    left, top, side = INSPECTED
    landmarks = seen.landmarks[0].numpy() * side + np.array((left, top), np.float32)
    return (
        float(seen.score) >= settings.min_second_score and settings.misfit(landmarks - CANONICAL) <= settings.max_misfit
    )


@torch.inference_mode()
def compare_faces(finder: FaceFinder, before: Tensor, after: Tensor) -> tuple[float, float]:
    """How far the landmarks moved, in eye distances, and how much the structure changed, of (1, 3, S, S) each."""
    first, second = inspected(finder.inspector, before), inspected(finder.inspector, after)
    eyes = (first.landmarks[:, 1] - first.landmarks[:, 0]).norm(dim=-1).clamp(min=1e-3)
    shift = (first.landmarks - second.landmarks).norm(dim=-1).mean(dim=-1) / eyes
    return float(shift), float(structure_distance(first, second))


def structure_distance(first: Inspection, second: Inspection) -> Tensor:
    """1 - cosine of the finder's 256 features, (N,): 0 for the same make-up of a face.

    They tell eyes, nose and mouth, their place and their light. They were not trained to tell persons apart, so this
    is no identity distance and must not be called one.
    """
    return 1 - torch.cosine_similarity(first.features.float(), second.features.float(), dim=1)
