"""How faces are treated: the numbers that travel with a release."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ops.faces.align import CANONICAL, alignment
from ops.faces.find import Face, Search


@dataclass(frozen=True)
class FaceSettings:
    """How faces are treated.

    Attributes:
        search: how they are looked for.
        canvas_px: side of the aligned face.
        batch_size: faces in one pass of the enhancer.
        strength: 0 leaves every face as it is, 1 takes the enhanced one whole.
        min_eye_distance_px: faces whose eyes are nearer to each other are left alone.
        max_outside: largest share of a face beyond the photo's border.
        max_misfit: largest mean distance of the landmarks from a face's canonical ones, in eye distances.
        min_second_score: least score of the second look, at the aligned face.
        max_shift: largest mean move of the landmarks by the enhancement, in eye distances.
        max_structure_distance: largest ``structure_distance`` between the face before and after.
        min_change: least root mean square change within the face, in [0, 1] units; a face that would change less shows
            nothing to mend.
    """

    search: Search
    canvas_px: int
    batch_size: int
    strength: float
    min_eye_distance_px: float
    max_outside: float
    max_misfit: float
    min_second_score: float
    max_shift: float
    max_structure_distance: float
    min_change: float

    @property
    def canonical_eye_distance(self) -> float:
        """Between the eyes of an aligned face, as a share of the canvas."""
        return float(np.linalg.norm(CANONICAL[1] - CANONICAL[0]))

    def misfit(self, offsets: NDArray[np.floating]) -> float:
        """Mean length of the ``offsets`` (5, 2) of landmarks, given in shares of the canvas, in eye distances."""
        return float(np.linalg.norm(offsets, axis=1).mean()) / self.canonical_eye_distance

    def is_plausible(self, face: Face) -> bool:
        """Whether the landmarks of ``face`` lie to each other as those of a face do."""
        affine = alignment(face.landmarks, 1)
        on_canvas = face.landmarks @ affine[:, :2].T + affine[:, 2]
        return self.misfit(on_canvas - CANONICAL) <= self.max_misfit
